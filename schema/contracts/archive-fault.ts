/** Why a record of an imported archive was not used, by what is wrong with it. */
export const ARCHIVE_FAULTS = [
  'garbage', // bytes that are no record
  'bad_head', // named fields that do not read, or no length
  'bad_length', // the length given is not the record's
  'many_records', // one gzip member for several: as no place in the file is a record's, it has to be unpacked
  'bad_gzip', // does not inflate, or to other bytes than its checksum says
  'bad_digest', // the block is another than its digest says
  'cut_off', // the file ends inside it
  'too_large', // over what `max_body_mib` lets a body have
  'truncated', // its writer kept a part of the body (WARC-Truncated)
  'bad_date', // no WARC-Date that is one
  'bad_url', // no URL, or none that a crawl takes
  'bad_http', // no HTTP response
  'bad_coding', // the body does not decode
] as const
export type ArchiveFault = (typeof ARCHIVE_FAULTS)[number]
