import type { Kysely } from 'kysely'
import type { NormaliseFact, SafetyFact } from '../../schema/contracts/facts.ts'
import { selectFacts } from '../../schema/queries/captures.ts'
import { NO_PLACES, placesOf } from '../../schema/queries/choose-samples.ts'
import {
  fetchesOfFiles,
  outcomesOf,
  pageOfUrl,
  pictureAtUrl,
  refusedLinks,
  reservedRedirects,
  reservingPages,
  sampleByKey,
  sampleOfPicture,
  sectionsOf,
  signalsOfPages,
  type SignalledCapture,
  signalsOfPicture,
  signalsOfUrls,
} from '../../schema/queries/explain-subjects.ts'
import { generatedTexts } from '../../schema/queries/generations.ts'
import { verdictsOf } from '../../schema/queries/lineage.ts'
import { type CandidateFilter, listCandidates, type ListedCandidate } from '../../schema/queries/list-candidates.ts'
import type { ReleaseRecord } from '../../schema/queries/releases.ts'
import { honoursMining } from '../../schema/queries/reserved.ts'
import { samplesOfShard } from '../../schema/queries/samples.ts'
import { resolveLanguage } from '../../schema/spec/language-plan.ts'
import type { Database } from '../../schema/tables/database.ts'
import { canonicalUrl, urlDigest } from '../crawl/canonical-url.ts'
import { candidateRules, readCandidateInputs } from '../judge-candidates/judge-candidates.activity.ts'
import { judgeSample, type SampleFacts } from '../judge-samples/judge-sample.ts'
import { choiceLimits } from '../preselect/preselect.activity.ts'
import { explainCandidate } from './explain-candidate.ts'
import { explainSample, type StoredVerdict } from './explain-sample.ts'
import type { CandidateDocument, Explanation, PictureDocument, SampleDocument } from './explanation.ts'
import { filesNamed, type OptOutLine, optOutLines } from './opt-out-lines.ts'
import { pictureLines } from './rule-line.ts'

/** Candidates explained in full; a logo may stand on every page of a site. */
const SHOWN = 100

/** A release's run as its rows are read. */
export interface ReleaseRun {
  release: ReleaseRecord
  run: string
}

/**
 * Explains a sample by key, or the candidates of a picture by its sha256, its URL or the URL of a page that shows it.
 * Reads rows alone; picture and text rules are judged anew by the functions that judged. Null when the release knows
 * nothing of the subject.
 */
export async function explainSubject(
  db: Kysely<Database>,
  of: ReleaseRun,
  subject: Explanation['subject'],
): Promise<Explanation | null> {
  const found = await findCandidates(db, of, subject)
  const notFollowed = found.length === 0 && subject.kind === 'url' ? await explainRefusal(db, of, subject.value) : []
  if (found.length + notFollowed.length === 0) return null
  const shown = found.slice(0, SHOWN)
  const samples = await explainSamples(db, of, shown)
  return {
    release: of.release.id,
    subject,
    samples,
    pictures: await explainPictures(db, of, shown, samples),
    candidates: await explainCandidates(db, of, shown),
    not_followed: notFollowed,
    more: found.length > SHOWN,
  }
}

const crawlsOf = ({ release }: ReleaseRun) => release.plan.crawls.map(({ crawl_no }) => crawl_no)
const definitionOf = ({ release }: ReleaseRun, step: string) => release.plan.definitions[step]?.def_id ?? 0

async function findCandidates(
  db: Kysely<Database>,
  of: ReleaseRun,
  { kind, value }: Explanation['subject'],
): Promise<ListedCandidate[]> {
  if (kind === 'url') return candidatesOfUrl(db, of, value)
  const digest = Buffer.from(value, 'hex')
  if (kind === 'picture') return firstOf(db, of.run, { picture: digest })
  const sample = await sampleByKey(db, of.run, digest)
  if (!sample) return []
  const found = await firstOf(db, of.run, { picture: sample.picture, tag: sample.tag })
  return found.filter((one) => one.key?.equals(digest) === true)
}

async function candidatesOfUrl(db: Kysely<Database>, of: ReleaseRun, text: string): Promise<ListedCandidate[]> {
  const canonical = canonicalUrl(text)
  if (!canonical.ok) return []
  const sha = Buffer.from(urlDigest(canonical.url), 'hex')
  const crawls = crawlsOf(of)
  const page = await pageOfUrl(db, of.run, crawls, sha)
  const shown = await firstOf(db, of.run, { imageUrl: sha })
  const standing = page === null ? [] : await firstOf(db, of.run, { page })
  if (shown.length + standing.length > 0) return [...shown, ...standing]
  const picture = await pictureAtUrl(db, crawls, sha)
  return picture === null ? [] : firstOf(db, of.run, { picture })
}

async function firstOf(db: Kysely<Database>, run: string, filter: CandidateFilter): Promise<ListedCandidate[]> {
  for await (const rows of listCandidates(db, run, filter)) return rows
  return []
}

/** Links to the URL that ask not to be followed. */
async function explainRefusal(db: Kysely<Database>, of: ReleaseRun, text: string): Promise<OptOutLine[]> {
  const canonical = canonicalUrl(text)
  if (!canonical.ok) return []
  const pages = await refusedLinks(db, crawlsOf(of), canonical.url)
  return (await quote(db, of, pages)).flat().filter(({ about }) => about === canonical.url)
}

/** The signals of captures, with the files that they stood in, in the captures' order. */
async function quote(
  db: Kysely<Database>,
  of: ReleaseRun,
  captures: readonly SignalledCapture[],
): Promise<OptOutLine[][]> {
  const sections = await sectionsOf(db, crawlsOf(of))
  const named = filesNamed(captures).map((url) => Buffer.from(urlDigest(url), 'hex'))
  const files = await fetchesOfFiles(db, crawlsOf(of), named)
  return captures.map((capture) => {
    const section = sections.get(capture.crawl_no)
    const ofCrawl = files.filter((file) => file.crawl_no === capture.crawl_no)
    return section ? optOutLines(capture, section, { date: of.release.spec.date, files: ofCrawl }) : []
  })
}

async function explainCandidates(
  db: Kysely<Database>,
  of: ReleaseRun,
  candidates: readonly ListedCandidate[],
): Promise<CandidateDocument[]> {
  const pages = [...new Set(candidates.map(({ page_no }) => page_no))]
  const captures = await signalsOfPages(db, of.run, pages)
  const urls = candidates.flatMap(({ image_url }) =>
    image_url === null ? [] : [Buffer.from(urlDigest(image_url), 'hex')],
  )
  const outcomes = await outcomesOf(db, crawlsOf(of), urls)
  const atUrls = await signalsOfUrls(db, crawlsOf(of), urls)
  const documents: CandidateDocument[] = []
  for (const page of pages) {
    const context = { run: of.run, from: page, to: page + 1, defId: (step: string) => definitionOf(of, step) }
    const inputs = await readCandidateInputs(db, context)
    const capture = captures.get(page)
    for (const candidate of candidates.filter((one) => one.page_no === page)) {
      const input = inputs.find(({ row }) => row.position === candidate.position)
      if (!input) continue
      const { verdict, rules, texts } = explainCandidate(input.input, candidateRules(of.release.spec))
      const address = input.row.image_url_sha.toString('hex')
      const outcome = outcomes.get(address)
      // What a picture's captures say stands with the picture; without one, what its address says stands here.
      const atUrl = candidate.picture === null ? atUrls.get(address) : undefined
      const optOut = await quote(
        db,
        of,
        [capture, atUrl].flatMap((one) => (one ? [one] : [])),
      )
      documents.push({
        page_url: candidate.page_url,
        image_url: candidate.image_url,
        position: candidate.position,
        lang: candidate.tag ?? verdict.tag,
        script: candidate.script ?? verdict.script,
        reason: candidate.tag === null ? verdict.reason : candidate.reason,
        picture: candidate.picture?.toString('hex') ?? null,
        key: candidate.key?.toString('hex') ?? null,
        fetch: outcome ? { state: outcome.state, reason: outcome.reason, detail: outcome.detail } : null,
        opt_out: optOut.flat().filter(({ where }) => where !== 'link'),
        rules,
        texts,
        differs: candidate.tag !== null && (candidate.reason !== verdict.reason || candidate.tag !== verdict.tag),
      })
    }
  }
  return documents
}

async function explainSamples(
  db: Kysely<Database>,
  of: ReleaseRun,
  candidates: readonly ListedCandidate[],
): Promise<SampleDocument[]> {
  const { spec } = of.release
  const heedsMining = await honoursMining(db, crawlsOf(of))
  const keys = new Map(candidates.flatMap(({ key }) => (key === null ? [] : [[key.toString('hex'), key] as const])))
  const documents: SampleDocument[] = []
  for (const key of keys.values()) {
    const sample = await sampleByKey(db, of.run, key)
    if (!sample) continue
    const { sample_no: no, tag, picture } = sample
    const [row] = await samplesOfShard(db, of.run, no, no + 1)
    const facts = await pictureFacts(db, of, picture, row?.reserved ?? true)
    const { filters } = resolveLanguage(spec, tag)
    const choice = { ...choiceLimits(spec, tag), target: spec.select.target[tag] ?? null }
    const stored = (await verdictsOf(db, of.run, [no])) as unknown as StoredVerdict[]
    // Places are found among all samples of the language: only for one that took part.
    const isOpen = !stored.some(({ stage, reason }) => reason !== null && (stage === 'judge' || stage === 'near'))
    const rules =
      facts.normalise === null
        ? []
        : explainSample({
            facts: { ...facts, normalise: facts.normalise },
            limits: { image: spec.image, nsfw: filters.nsfw, heedsMining },
            nearLimit: filters.near_image.pdq,
            choice,
            places: isOpen ? await placesOf(db, of.run, no, choice, spec.select.max_per_host) : NO_PLACES,
            stored,
          })
    const dropped = stored.find(({ reason }) => reason !== null)
    const near = rules.find((rule) => rule.of !== undefined)
    const leader = near?.of === undefined ? null : await sampleOfPicture(db, of.run, tag, Buffer.from(near.of, 'hex'))
    const generated = await generatedTexts(db, of.run, [no])
    documents.push({
      key: key.toString('hex'),
      lang: tag,
      script: sample.script,
      picture: picture.toString('hex'),
      released: sample.split !== null,
      split: sample.split,
      stage: dropped?.stage ?? null,
      reason: dropped?.reason ?? null,
      rules,
      leader: near?.of
        ? { key: leader?.key.toString('hex') ?? null, picture: near.of, distance: Number(near.value) }
        : null,
      generations: generated.map(({ task, reason }) => ({ task, reason })),
    })
  }
  return documents
}

type PictureFacts = Omit<SampleFacts, 'normalise'> & { normalise: NormaliseFact | null }

async function pictureFacts(
  db: Kysely<Database>,
  of: ReleaseRun,
  picture: Buffer,
  reserved: boolean,
): Promise<PictureFacts> {
  const hex = picture.toString('hex')
  const one = async <Fact>(step: string, input: Buffer) =>
    (await selectFacts<Fact>(db, 'fact', definitionOf(of, step), [input])).get(input.toString('hex')) ?? null
  const normalise = await one<NormaliseFact>('normalise', Buffer.from(hex, 'hex'))
  const safety = normalise?.ok ? await one<SafetyFact>('safety', Buffer.from(normalise.released.sha256, 'hex')) : null
  const abuse = of.release.plan.abuse_lists === null ? null : await one<{ list: string | null }>('known-abuse', picture)
  return { normalise, safety, reserved, abuseList: abuse?.list ?? null }
}

async function explainPictures(
  db: Kysely<Database>,
  of: ReleaseRun,
  candidates: readonly ListedCandidate[],
  samples: readonly SampleDocument[],
): Promise<PictureDocument[]> {
  const { spec } = of.release
  const heedsMining = await honoursMining(db, crawlsOf(of))
  const pictures = new Map(candidates.flatMap(({ picture }) => (picture ? [[picture.toString('hex'), picture]] : [])))
  const documents: PictureDocument[] = []
  for (const [hex, picture] of pictures) {
    const own = await signalsOfPicture(db, crawlsOf(of), picture)
    const redirects = await reservedRedirects(db, of.run, crawlsOf(of), picture)
    const captures = [...own, ...redirects, ...(await reservingPages(db, of.run, picture))]
    const lines = (await quote(db, of, captures)).flat().filter(({ where }) => where !== 'link')
    const reserved = captures.some((capture) => capture.reserved) || lines.some((line) => line.reserves)
    const facts = await pictureFacts(db, of, picture, reserved)
    const hasSample = samples.some((sample) => sample.picture === hex)
    const limits = { image: spec.image, nsfw: spec.filters.nsfw, heedsMining }
    documents.push({
      picture: hex,
      normalise: facts.normalise,
      safety: facts.safety,
      opt_out: lines,
      rules:
        hasSample || facts.normalise === null
          ? []
          : pictureLines(judgeSample({ ...facts, normalise: facts.normalise }, limits)),
    })
  }
  return documents
}
