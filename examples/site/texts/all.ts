import { ar } from './ar.ts'
import { cs } from './cs.ts'
import { hu } from './hu.ts'
import { ko } from './ko.ts'
import { ru } from './ru.ts'
import type { SiteTexts } from './site-texts.ts'
import { sr } from './sr.ts'
import { srLatn } from './sr-latn.ts'
import { th } from './th.ts'
import { vi } from './vi.ts'

export const ALL_TEXTS: readonly SiteTexts[] = [ar, cs, hu, ko, ru, sr, srLatn, th, vi]

export const DOMAIN = 'demo.example'

export function hostOf({ tag }: SiteTexts): string {
  return `${tag.toLowerCase()}.${DOMAIN}`
}
