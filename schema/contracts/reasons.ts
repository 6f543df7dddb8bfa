/**
 * Why something is not in a release. Closed lists: a reason is a value that is counted, stored and shown,
 * never an exception. The order inside a list is the order in which rules are asked, so the first that
 * fired is *the* reason; all that fired are kept.
 */

/** A fetch that did not give a usable picture or page (crawl). */
export const FETCH_REASONS = [
  'not_fetched', // wanted by a newer extractor, the crawl did not ask for it
  'out_of_scope',
  'robots_disallowed',
  'robots_unreachable',
  'crawl_delay_too_long', // robots.txt asks for more than 30 s between requests
  'address_blocked',
  'bad_scheme',
  'bad_url',
  'too_many_redirects',
  'redirect_out_of_scope',
  'http_error', // 4xx and 5xx that stayed
  'dns_failed',
  'refused',
  'reset',
  'tls_failed',
  'timeout',
  'truncated',
  'too_large',
  'decode_failed', // content coding
  'bad_response', // not valid HTTP
  'bad_media_type',
  'opted_out', // noai, noimageai and the like, as the spec's `honour` list says
  'known_abuse',
  'crawl_trap', // generated for ever: endless paths, the same under many names, pages that bring nothing
  'budget_spent',
  'deadline_passed',
  'host_down', // the whole host stayed silent
] as const
export type FetchReason = (typeof FETCH_REASONS)[number]

/** What went wrong with a request, as a value: `reason` is counted, `errorCode` and `message` explain. */
export interface FetchFault {
  reason: FetchReason
  errorCode: string
  message: string
}

/** A fact step that could not work on a picture or page. */
export const INPUT_REASONS = [
  'undecodable', // corrupt or truncated picture
  'unsupported_format',
  'too_many_pixels',
  'html_too_complex',
  'kills_worker', // ended its worker three times
] as const

/** A candidate that does not become (part of) a sample: judge candidates. */
export const CANDIDATE_REASONS = [
  ...FETCH_REASONS,
  ...INPUT_REASONS,
  'decorative',
  'boilerplate',
  'language_not_wanted',
] as const
export type CandidateReason = (typeof CANDIDATE_REASONS)[number]

/** One text of a candidate that is not taken as native text: judge candidates. */
export const TEXT_REASONS = [
  'text_empty',
  'text_boilerplate',
  'text_file_name',
  'text_seo',
  'text_type', // a type that the spec does not take
  'text_pii',
  'text_script', // the script is not one of the language's
  'text_language', // another language of the spec or none
  'text_contrast', // a contrast language (say English) left in place
  'text_undetermined',
  'text_too_short',
  'text_too_long',
] as const
export type TextReason = (typeof TEXT_REASONS)[number]

/** A sample that is not in the release: judge samples, preselect, select. */
export const SAMPLE_REASONS = [
  ...INPUT_REASONS,
  'opted_out',
  'known_abuse',
  'taken_down',
  'too_small',
  'ratio',
  'too_few_bytes',
  'nsfw',
  'near_duplicate',
  'same_text', // over max_same_text
  'decontaminated',
  'host_quota',
  'over_target',
  'not_reached', // reserve that was not needed
  'no_text',
] as const
export type SampleReason = (typeof SAMPLE_REASONS)[number]

/** A generated text that is not used: select. The sample stays when another text is left. */
export const GENERATION_REASONS = [
  'bad_output', // not of the schema, after one repair
  'empty',
  'refused',
  'truncated',
  'wrong_script',
  'wrong_language',
  'length_ratio',
  'untranslated',
  'entities_lost',
  'repetition',
  'copied_source',
  'not_grounded', // a named entity without evidence that no verification could remove
  'no_native_text',
  'no_translator',
] as const
export type GenerationReason = (typeof GENERATION_REASONS)[number]
