import zlib from 'node:zlib'
import type { OptOutSignal } from '../../schema/contracts/opt-out.ts'
import { readDataMining } from '../normalise/picture-rights.ts'
import { quoted } from './opt-out.ts'

/** Namespace of PLUS properties: a packet without it says nothing of data mining. */
const PLUS_NAMESPACE = Buffer.from('http://ns.useplus.org/ldf/xmp/1.0/')
const PACKET_STARTS = ['<x:xmpmeta', '<rdf:RDF'].map((text) => Buffer.from(text))
const PACKET_END = Buffer.from('</rdf:RDF>')
/** Real packets have a few kilobytes. */
const MAX_PACKET_BYTES = 1 << 20
/** A picture has one packet; a forged one may have many. */
const MAX_PACKETS = 8

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const PNG_XMP = Buffer.from('XML:com.adobe.xmp\0')

/**
 * What a picture says of its own use: the PLUS property `DataMining` of its XMP packets, which is also IPTC's. Packets stand
 * in a file as they are, whatever its format (XMP part 3 wants them found by scanning); PNG may compress them. Decodes no
 * picture, so that it can be asked before a byte is kept; linear in the size of the file.
 */
export function pictureSignals(bytes: Buffer): OptOutSignal[] {
  const found = new Map<string, string>()
  for (const packet of packetsOf(bytes)) {
    const mining = readDataMining(packet)
    if (mining !== null && !found.has(mining.term)) found.set(mining.term, mining.raw)
  }
  return [...found].map(([term, raw]) => ({
    signal: 'data-mining',
    value: term,
    raw: quoted('plus:DataMining', raw),
    where: 'picture',
    agent: null,
  }))
}

function packetsOf(bytes: Buffer): Uint8Array[] {
  const plain = packetsIn(bytes)
  const compressed = bytes.subarray(0, 8).equals(PNG_SIGNATURE) ? compressedPngPackets(bytes) : []
  return [...plain, ...compressed.flatMap((packet) => packetsIn(packet))]
}

/** Stretches from a packet's start to its end that hold the namespace. */
function packetsIn(bytes: Buffer): Uint8Array[] {
  const packets: Uint8Array[] = []
  let from = 0
  while (packets.length < MAX_PACKETS) {
    const at = bytes.indexOf(PLUS_NAMESPACE, from)
    if (at < 0) break
    const window = bytes.subarray(Math.max(from, at - MAX_PACKET_BYTES), at)
    const starts = PACKET_STARTS.map((mark) => window.lastIndexOf(mark)).filter((start) => start >= 0)
    const rest = bytes.subarray(at, at + MAX_PACKET_BYTES)
    const closing = rest.indexOf(PACKET_END)
    const end = at + (closing < 0 ? rest.length : closing + PACKET_END.length)
    if (starts.length > 0) packets.push(bytes.subarray(at - window.length + Math.max(...starts), end))
    from = end
  }
  return packets
}

/** Compressed text chunks under Adobe's keyword, inflated: `iTXt` by the standard, `zTXt` as libvips writes it. */
function compressedPngPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = []
  let at = PNG_SIGNATURE.length
  while (at + 12 <= bytes.length && packets.length < MAX_PACKETS) {
    const length = bytes.readUInt32BE(at)
    const data = bytes.subarray(at + 8, at + 8 + length)
    const start = data.subarray(0, PNG_XMP.length).equals(PNG_XMP)
      ? compressedAt(bytes.toString('latin1', at + 4, at + 8), data)
      : null
    const packet = start === null ? null : inflated(data.subarray(start))
    if (packet) packets.push(packet)
    at += 12 + length
  }
  return packets
}

/** Where the deflated text begins, null when there is none. */
function compressedAt(type: string, data: Buffer): number | null {
  // Keyword, method, text.
  if (type === 'zTXt') return PNG_XMP.length + 1
  // Keyword, flag, method, a language tag and a translated keyword each ended by NUL, text.
  if (type !== 'iTXt' || data[PNG_XMP.length] !== 1) return null
  const tag = data.indexOf(0, PNG_XMP.length + 2)
  const keyword = data.indexOf(0, tag + 1)
  return tag < 0 || keyword < 0 ? null : keyword + 1
}

function inflated(data: Buffer): Buffer | null {
  try {
    return zlib.inflateSync(data, { maxOutputLength: MAX_PACKET_BYTES })
  } catch {
    return null // damaged or a bomb: what cannot be read says nothing
  }
}
