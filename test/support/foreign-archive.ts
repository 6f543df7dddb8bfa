import { createHash } from 'node:crypto'
import zlib from 'node:zlib'

/** A record as another program might have written it: every part can be wrong. */
export interface ForeignRecord {
  version?: string
  type?: string
  url?: string
  date?: string
  fields?: [string, string][]
  /** Block; a `response` by default. */
  block?: string | Buffer
  /** What it claims its block's length to be. */
  length?: number
  digest?: 'right' | 'wrong' | 'none'
  end?: string
}

export function aRecord(record: ForeignRecord = {}): Buffer {
  const block = Buffer.from(record.block ?? anAnswer('<p>x</p>'))
  const sha1 = createHash('sha1')
    .update(record.digest === 'wrong' ? 'another' : block)
    .digest('hex')
  const fields: [string, string][] = [
    ['WARC-Type', record.type ?? 'response'],
    ['WARC-Date', record.date ?? '2024-05-06T07:08:09Z'],
    ['WARC-Record-ID', `<urn:uuid:00000000-0000-8000-8000-${sha1.slice(0, 12)}>`],
    ['WARC-Target-URI', record.url ?? 'http://site.example/'],
    ...(record.digest === 'none' ? [] : [['WARC-Block-Digest', `sha1:${sha1}`] as [string, string]]),
    ...(record.fields ?? []),
    ['Content-Type', 'application/http; msgtype=response'],
    ['Content-Length', String(record.length ?? block.length)],
  ]
  const head = `${record.version ?? 'WARC/1.0'}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return Buffer.concat([Buffer.from(head), block, Buffer.from(record.end ?? '\r\n\r\n')])
}

/** An HTTP message. */
export function anAnswer(body: string | Buffer, headers: [string, string][] = [['Content-Type', 'text/html']]): Buffer {
  const head = `HTTP/1.1 200 OK\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)])
}

/** The record as a gzip member of its own. */
export function aMember(record: ForeignRecord = {}): Buffer {
  return zlib.gzipSync(aRecord(record))
}
