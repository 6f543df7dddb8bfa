import type * as c from './crawl.table.ts'
import type * as r from './release.table.ts'

/** Every table, by name. Classes (history, work, erasable) stand in the tables' comments; see the migrations. */
export interface Database {
  crawl: c.CrawlTable
  crawl_state: c.CrawlStateTable
  capture: c.CaptureTable
  crawl_freeze: c.CrawlFreezeTable
  frozen_capture: c.FrozenCaptureTable
  site: c.SiteTable
  shard_lease: c.ShardLeaseTable
  crawl_host: c.CrawlHostTable
  robots: c.RobotsTable
  tdm_file: c.TdmFileTable
  server_pace: c.ServerPaceTable
  crawl_process: c.CrawlProcessTable
  address_lease: c.AddressLeaseTable
  address_want: c.AddressWantTable
  crawl_archive: c.CrawlArchiveTable
  archive_fault: c.ArchiveFaultTable
  frontier: c.FrontierTable
  page_branch: c.PageBranchTable
  url: c.UrlTable
  crawl_attempt: c.CrawlAttemptTable
  frontier_tally: c.FrontierTallyTable
  capture_tally: c.CaptureTallyTable
  definition: r.DefinitionTable
  fact: r.FactTable
  fact_text: r.FactTable
  survey: r.SurveyTable
  generation: r.GenerationTable
  release: r.ReleaseTable
  release_state: r.ReleaseStateTable
  release_run: r.ReleaseRunTable
  run_page: r.RunPageTable
  run_picture: r.RunPictureTable
  candidate: r.CandidateTable
  candidate_verdict: r.CandidateVerdictTable
  sample: r.SampleTable
  sample_verdict: r.SampleVerdictTable
  sample_generation: r.SampleGenerationTable
  member: r.MemberTable
  kept: r.KeptTable
  row_artifact: r.RowArtifactTable
  file_plan: r.FilePlanTable
  text_frequency: r.TextFrequencyTable
  host_frequency: r.HostFrequencyTable
  host_language: r.HostLanguageTable
  component: r.ComponentTable
  judgement: r.JudgementTable
  run_survey: r.RunSurveyTable
  generated_text: r.GeneratedTextTable
  release_file: r.ReleaseFileTable
  release_end: r.ReleaseEndTable
  recompute_difference: r.RecomputeDifferenceTable
  version_label: r.VersionLabelTable
  in_flight: r.InFlightTable
  shard_done: r.ShardDoneTable
}
