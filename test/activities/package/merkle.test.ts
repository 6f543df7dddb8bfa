import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { inclusionProof, MerkleTree, nodeHash, rootFromProof } from '../../../activities/package/merkle.ts'

/** Leaf data and roots of the Certificate Transparency reference tests. */
const DATA = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const leafOf = (hex: string) =>
  createHash('sha256')
    .update(Buffer.concat([Buffer.of(0), Buffer.from(hex, 'hex')]))
    .digest()
const leaves = (count: number) =>
  Array.from({ length: count }, (_, n) => leafOf(DATA[n] ?? n.toString(16).padStart(8, '0')))

function rootOf(hashes: Buffer[]): string {
  const tree = new MerkleTree()
  for (const leaf of hashes) tree.add(leaf)
  return tree.root().toString('hex')
}

describe('the Merkle tree', () => {
  it('has the roots of the reference tests', () => {
    expect(ROOTS.map((_, count) => rootOf(leaves(count)))).toEqual(ROOTS)
  })

  it('may be asked for its root at any time', () => {
    const tree = new MerkleTree()
    const roots = [tree.root().toString('hex')]
    for (const leaf of leaves(8)) {
      tree.add(leaf)
      roots.push(tree.root().toString('hex'))
    }
    expect([roots, tree.size]).toEqual([ROOTS, 8])
  })
})

describe('an inclusion proof', () => {
  it('leads from every leaf of every tree up to 40 leaves to the root', async () => {
    for (let size = 1; size <= 40; size++) {
      const all = leaves(size)
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(all, index, size)
        expect(rootFromProof(all[index]!, index, size, proof)?.toString('hex')).toBe(rootOf(all))
      }
    }
  })

  it('lists sibling hashes from the leaf upwards', async () => {
    const [a, b, c, d, e] = leaves(5) as [Buffer, Buffer, Buffer, Buffer, Buffer]
    expect(await inclusionProof([a, b, c, d, e], 2, 5)).toEqual([d, nodeHash(a, b), e])
  })

  it('leads elsewhere for another leaf, place or length', async () => {
    const all = leaves(7)
    const proof = await inclusionProof(all, 3, 7)
    const root = rootOf(all)
    const roots = [
      rootFromProof(all[4]!, 3, 7, proof),
      rootFromProof(all[3]!, 2, 7, proof),
      rootFromProof(all[3]!, 3, 7, proof.slice(1)),
      rootFromProof(all[3]!, 3, 7, [...proof, all[0]!]),
      rootFromProof(all[3]!, 7, 7, proof),
    ]
    expect(roots.filter((other) => other?.toString('hex') === root)).toEqual([])
  })

  it('of another length for its place leads nowhere', async () => {
    const all = leaves(7)
    const proof = await inclusionProof(all, 3, 7)
    const [a, b] = [all[0]!, all[1]!]
    expect([
      rootFromProof(all[3]!, 3, 7, proof.slice(1)),
      rootFromProof(all[3]!, 3, 7, [...proof, a]),
      rootFromProof(all[6]!, 6, 7, [a, b, a]),
      rootFromProof(a, 0, 1, [b]),
    ]).toEqual([undefined, undefined, undefined, undefined])
  })

  it.each([-1, 1.5, NaN, 7, Infinity])('has no place %d in a tree of seven', async (index) => {
    const all = leaves(7)
    expect(rootFromProof(all[0]!, index, 7, await inclusionProof(all, 0, 7))).toBeUndefined()
    await expect(inclusionProof(all, index, 7)).rejects.toThrow(`leaf ${index} is not in a tree of 7`)
  })

  it('is refused for a leaf outside the tree and for another number of leaves', async () => {
    await expect(inclusionProof(leaves(3), 3, 3)).rejects.toThrow('leaf 3 is not in a tree of 3')
    await expect(inclusionProof(leaves(3), 1, 4)).rejects.toThrow('3 leaves given for a tree of 4')
  })
})
