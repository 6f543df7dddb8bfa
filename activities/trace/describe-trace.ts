import type { KeyTrace } from './trace-key.ts'
import type { TracedCapture, TracedGeneration } from './trace-samples.ts'

/** A trace for people: from the web to the row, a line for each thing. A function of the trace alone. */
export function describeTrace(trace: KeyTrace): string[] {
  return [
    `sample ${trace.key} (${trace.lang}) in release ${trace.release.id}`,
    `spec ${trace.release.spec}; crawls ${trace.crawls.join(', ')}`,
    ...trace.pages.flatMap((page) => [
      ...captureLines('page', page),
      ...page.candidates.flatMap(({ position, image_url, texts, kept_text }) => [
        `  picture reference ${position}: ${image_url}`,
        ...(texts as { text: string; source: string; reason: string | null }[]).map(
          (text, index) =>
            `    ${text.source}${index === kept_text ? ' (native text)' : text.reason === null ? '' : ` (${text.reason})`}: ${text.text}`,
        ),
      ]),
    ]),
    ...trace.pictures.flatMap((one) => [...captureLines('picture', one), `  bytes ${one.picture ?? 'not stored'}`]),
    ...trace.facts.map(({ step, definition, value }) => `fact ${step} by ${definition}: ${JSON.stringify(value)}`),
    ...trace.verdicts.map(({ stage, reason, rules }) => `${stage}: ${reason ?? 'kept'}${rulesText(rules)}`),
    ...trace.generations.flatMap(generationLines),
    ...(trace.row
      ? [`row in ${trace.row.artifact}, split ${trace.release.split ?? ''}, leaf ${trace.row.leaf}`]
      : ['no row: it was dropped']),
    ...Object.entries(trace.definitions).map(
      ([step, { sha256, rev }]) => `definition of ${step}, rev ${rev}: ${sha256}`,
    ),
  ]
}

function captureLines(what: string, capture: TracedCapture): string[] {
  const { warc, source } = capture
  return [
    `${what} ${capture.url}: ${capture.status}, ${capture.fetched_at}, crawl ${capture.crawl}`,
    ...(source ? [`  taken from ${source.file} (${source.digest}) at ${source.offset}, ${source.length} bytes`] : []),
    warc ? `  archived in ${warc.segment} at ${warc.offset}, ${warc.length} bytes` : '  not archived',
    ...(Array.isArray(capture.signals) && capture.signals.length > 0
      ? [`  opt-out signals ${JSON.stringify(capture.signals)}`]
      : []),
  ]
}

function generationLines({ task, definition, calls, reason, text }: TracedGeneration): string[] {
  return [
    `${task} by ${definition}: ${reason === null ? text : `dropped, ${reason}`}`,
    ...calls.map(({ request, response }) => `  request ${request}, response ${response ?? 'none'}`),
  ]
}

function rulesText(rules: unknown): string {
  return Array.isArray(rules) && rules.length > 0 ? ` ${JSON.stringify(rules)}` : ''
}
