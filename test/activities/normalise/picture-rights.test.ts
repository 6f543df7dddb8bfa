import { expect, test } from 'vitest'
import { readDataMining, readPictureRights } from '../../../activities/normalise/picture-rights.ts'

const NAMESPACES = [
  'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
  'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"',
  'xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"',
  'xmlns:cc="http://creativecommons.org/ns#"',
  'xmlns:dc="http://purl.org/dc/elements/1.1/"',
].join(' ')

const packet = ({ attributes = '', inside = '', before = '' }) =>
  `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>${before}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${NAMESPACES}>` +
  `<rdf:Description rdf:about="" ${attributes}>${inside}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

const read = (xml: string) => readPictureRights(Buffer.from(xml), null)
const VOCABULARY = 'http://ns.useplus.org/ldf/vocab/'

test('finds nothing where there is nothing', () => {
  expect(readPictureRights(null, null)).toEqual({ data_mining: null, licence: null })
  expect(read(packet({}))).toEqual({ data_mining: null, licence: null })
})

test.each([
  ['an attribute', packet({ attributes: `plus:DataMining="${VOCABULARY}DMI-PROHIBITED"` })],
  ['an element', packet({ inside: `<plus:DataMining> ${VOCABULARY}DMI-PROHIBITED </plus:DataMining>` })],
  ['a resource', packet({ inside: `<plus:DataMining rdf:resource="${VOCABULARY}DMI-PROHIBITED"/>` })],
  ['a short name', packet({ inside: '<plus:DataMining>plus:DMI-PROHIBITED</plus:DataMining>' })],
  ['a bare term', packet({ attributes: 'plus:DataMining="DMI-PROHIBITED"' })],
])('reads the data mining term from %s', (_, xml) => {
  expect(read(xml)).toEqual({ data_mining: 'DMI-PROHIBITED', licence: null })
})

test('gives the value as it stands beside its term', () => {
  const xml = packet({ inside: `<plus:DataMining> ${VOCABULARY}DMI-PROHIBITED\n</plus:DataMining>` })
  expect(readDataMining(Buffer.from(xml))).toEqual({ raw: `${VOCABULARY}DMI-PROHIBITED`, term: 'DMI-PROHIBITED' })
  expect(readDataMining(Buffer.from(packet({})))).toBeNull()
  expect(readDataMining(Buffer.from(xml + ' '.repeat(1 << 20)))).toBeNull()
})

test.each(['', '  ', VOCABULARY, 'plus:'])('finds no term in the value %j', (value) => {
  expect(read(packet({ attributes: `plus:DataMining="${value}"` })).data_mining).toBeNull()
})

test('takes the first value of a property that has one', () => {
  const second = '<plus:DataMining>DMI-ALLOWED</plus:DataMining>'
  expect(read(packet({ attributes: 'plus:DataMining="DMI-PROHIBITED"', inside: second })).data_mining).toBe(
    'DMI-PROHIBITED',
  )
  expect(read(packet({ attributes: 'plus:DataMining=" "', inside: second })).data_mining).toBe('DMI-ALLOWED')
  const first = '<plus:DataMining>DMI-PROHIBITED</plus:DataMining>'
  expect(read(packet({ inside: first + second })).data_mining).toBe('DMI-PROHIBITED')
})

test('takes no other attribute for the value of an element, and no text beside the entries of a list', () => {
  const kind =
    '<plus:DataMining rdf:parseType="Literal" xmlns:o="urn:o" o:resource="no">DMI-PROHIBITED</plus:DataMining>'
  expect(read(packet({ inside: kind })).data_mining).toBe('DMI-PROHIBITED')
  const list = '<dc:rights>before<rdf:Alt>more<rdf:li>own</rdf:li>after</rdf:Alt></dc:rights>'
  expect(read(packet({ inside: list })).licence).toBe('own')
  const empty = '<dc:rights><rdf:Alt><rdf:li> </rdf:li><rdf:li>second</rdf:li></rdf:Alt></dc:rights>'
  expect(read(packet({ inside: empty })).licence).toBe('second')
})

test('goes by namespace, not by prefix', () => {
  const own = `xmlns:p="http://ns.useplus.org/ldf/xmp/1.0/" p:DataMining="${VOCABULARY}DMI-ALLOWED"`
  const foreign = 'xmlns:plus="urn:other" plus:DataMining="DMI-PROHIBITED"'
  expect(read(packet({ attributes: own })).data_mining).toBe('DMI-ALLOWED')
  expect(read(packet({ attributes: foreign })).data_mining).toBeNull()
})

test('prefers the web statement, then cc:license, then dc:rights', () => {
  const statement = '<xmpRights:WebStatement>https://a.example/terms</xmpRights:WebStatement>'
  const license = '<cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>'
  const rights =
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© A &amp; B</rdf:li><rdf:li xml:lang="cs">jiné</rdf:li></rdf:Alt></dc:rights>'
  expect(read(packet({ inside: rights + license + statement })).licence).toBe('https://a.example/terms')
  expect(read(packet({ inside: rights + license })).licence).toBe('https://creativecommons.org/licenses/by/4.0/')
  expect(read(packet({ inside: rights })).licence).toBe('© A & B')
})

test('reads UTF-16 packets by their byte order mark', () => {
  const text = packet({ attributes: 'plus:DataMining="DMI-PROHIBITED"' })
  const little = Buffer.from(`\ufeff${text}`, 'utf16le')
  const big = Buffer.from(little).swap16()
  expect(readPictureRights(little, null).data_mining).toBe('DMI-PROHIBITED')
  expect(readPictureRights(big, null).data_mining).toBe('DMI-PROHIBITED')
})

test('refuses a document type, and with it every entity it could define', () => {
  const before = '<!DOCTYPE x [<!ENTITY a "DMI-PROHIBITED">]>'
  expect(read(packet({ before, attributes: 'plus:DataMining="DMI-ALLOWED"' })).data_mining).toBeNull()
})

test('keeps a reservation that stands before damage', () => {
  const inside = '<plus:DataMining>DMI-PROHIBITED</plus:DataMining><broken'
  expect(read(packet({ inside })).data_mining).toBe('DMI-PROHIBITED')
})

test('stops at a nesting that no real packet has', () => {
  const inside = `${'<rdf:li>'.repeat(100)}<plus:DataMining>DMI-PROHIBITED</plus:DataMining>${'</rdf:li>'.repeat(100)}`
  expect(read(packet({ inside })).data_mining).toBeNull()
})

test('does not read a packet of more than a mebibyte', () => {
  const xml = packet({ attributes: 'plus:DataMining="DMI-PROHIBITED"' })
  expect(read(xml + ' '.repeat((1 << 20) - xml.length - 10)).data_mining).toBe('DMI-PROHIBITED')
  expect(read(xml + ' '.repeat(1 << 20)).data_mining).toBeNull()
})

test('gives well-formed text of bounded length without control characters', () => {
  const inside = `<dc:rights>a\n\n\tb ${'x'.repeat(5000)}</dc:rights>`
  const { licence } = read(packet({ inside }))
  expect(licence?.startsWith('a b xxx')).toBe(true)
  expect(licence?.length).toBeLessThanOrEqual(1000)
  const cut = read(packet({ inside: `<dc:rights>${'x'.repeat(999)}\u{1f600}</dc:rights>` })).licence
  expect(cut).toBe(`${'x'.repeat(999)}\ufffd`)
})

test('falls back on the IPTC copyright notice', () => {
  const bare = iim([116, '© Studio'])
  expect(readPictureRights(null, bare).licence).toBe('© Studio')
  expect(readPictureRights(Buffer.from(packet({ inside: '<dc:rights>xmp</dc:rights>' })), bare).licence).toBe('xmp')
})

test('finds the IPTC block among Photoshop resources', () => {
  const resources = Buffer.concat([
    Buffer.from('Photoshop 3.0\0', 'latin1'),
    resource(0x0425, 'abc', Buffer.from('odd')),
    resource(0x0404, '', iim([105, 'headline'], [116, 'notice'])),
  ])
  expect(readPictureRights(null, resources).licence).toBe('notice')
})

test('reads undeclared IPTC text as UTF-8 where it is that, else as Latin-1', () => {
  expect(readPictureRights(null, iim([116, Buffer.from('príklad')])).licence).toBe('príklad')
  expect(readPictureRights(null, iim([116, Buffer.from('pr\xedklad', 'latin1')])).licence).toBe('príklad')
})

test('ends at damaged IPTC', () => {
  const cut = iim([105, 'headline'], [116, 'notice']).subarray(0, 15)
  expect(readPictureRights(null, cut).licence).toBeNull()
  expect(readPictureRights(null, Buffer.from('Photoshop 3.0\x008BIM', 'latin1')).licence).toBeNull()
  expect(readPictureRights(null, Buffer.alloc(0)).licence).toBeNull()
})

function iim(...sets: [number, string | Buffer][]): Buffer {
  return Buffer.concat(
    sets.map(([tag, value]) => {
      const body = Buffer.from(value)
      return Buffer.concat([Buffer.from([0x1c, 2, tag, body.length >> 8, body.length & 255]), body])
    }),
  )
}

function resource(id: number, name: string, body: Buffer): Buffer {
  const head = Buffer.from(
    `8BIM..${String.fromCharCode(name.length)}${name}${name.length % 2 === 0 ? '\0' : ''}....`,
    'latin1',
  )
  head.writeUInt16BE(id, 4)
  head.writeUInt32BE(body.length, head.length - 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}
