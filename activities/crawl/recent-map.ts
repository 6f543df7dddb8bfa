/** Entries that are looked at for room, each time one is asked for: a few that are needed hide no more. */
const LOOKS = 8

/**
 * A map that forgets: past `most` entries those go that were asked for longest ago, unless `mayForget` says that an entry
 * is needed. Getting an entry makes it the youngest; one that is not there is made.
 */
export class RecentMap<Value> {
  private readonly entries = new Map<string, Value>()
  private readonly most: number
  private readonly make: () => Value
  private readonly mayForget: (value: Value) => boolean

  constructor(most: number, make: () => Value, mayForget: (value: Value) => boolean) {
    this.most = most
    this.make = make
    this.mayForget = mayForget
  }

  get(key: string): Value {
    const value = this.entries.get(key) ?? this.make()
    this.entries.delete(key)
    if (this.entries.size >= this.most) this.forget()
    this.entries.set(key, value)
    return value
  }

  get size(): number {
    return this.entries.size
  }

  private forget(): void {
    let looked = 0
    for (const [key, value] of this.entries) {
      looked += 1
      if (this.entries.size < this.most || looked > LOOKS) return
      this.entries.delete(key)
      // Not looked at again before all the others were.
      if (!this.mayForget(value)) this.entries.set(key, value)
    }
  }
}
