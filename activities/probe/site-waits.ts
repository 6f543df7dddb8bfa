interface Place {
  /** Requests that run there now. */
  active: number
  nextAt: number
  delayMs: number
}

/**
 * When a probe may ask a host: one request at a time, and the largest of the spec's delay and robots' delay between
 * their starts, for a host and for the address behind it alike. That is never more than a crawl asks. Times are
 * milliseconds of the caller's clock.
 */
export class SiteWaits {
  private readonly places = new Map<string, Place>()
  private readonly addresses = new Map<string, string>()
  private readonly delayMs: number

  constructor(delayMs: number) {
    this.delayMs = delayMs
  }

  /** Milliseconds until the host may be asked, null while a request there runs. */
  waitMs(host: string, now: number): number | null {
    const places = this.placesOf(host)
    if (places.some((place) => place.active > 0)) return null
    return Math.max(0, ...places.map((place) => place.nextAt - now))
  }

  /** A request goes out; call the result when it has ended. */
  start(host: string, now: number): () => void {
    const places = this.placesOf(host)
    for (const place of places) {
      place.active += 1
      place.nextAt = Math.max(place.nextAt, now + place.delayMs)
    }
    return () => {
      for (const place of places) place.active -= 1
    }
  }

  /** Takes the host's next start for a further request of one that runs: milliseconds until then. */
  reserve(host: string, now: number): number {
    const places = this.placesOf(host)
    const at = Math.max(now, ...places.map((place) => place.nextAt))
    for (const place of places) place.nextAt = Math.max(place.nextAt, at + place.delayMs)
    return at - now
  }

  /** The address that the host was reached at. */
  setAddress(host: string, address: string | null, now: number): void {
    if (address === null || this.addresses.has(host)) return
    this.addresses.set(host, address)
    const place = this.place(`address ${address}`)
    place.nextAt = Math.max(place.nextAt, now + place.delayMs)
  }

  /** What robots.txt asks for; the larger of this and the spec's delay holds. */
  raiseDelay(host: string, delayMs: number, now: number): void {
    const place = this.place(host)
    place.delayMs = Math.max(place.delayMs, delayMs)
    place.nextAt = Math.max(place.nextAt, now + place.delayMs)
  }

  pause(host: string, until: number): void {
    const place = this.place(host)
    place.nextAt = Math.max(place.nextAt, until)
  }

  private placesOf(host: string): Place[] {
    const address = this.addresses.get(host)
    return address === undefined ? [this.place(host)] : [this.place(host), this.place(`address ${address}`)]
  }

  private place(name: string): Place {
    const place = this.places.get(name) ?? { active: 0, nextAt: -Infinity, delayMs: this.delayMs }
    this.places.set(name, place)
    return place
  }
}
