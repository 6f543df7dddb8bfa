export const TOPICS = ['nature', 'food', 'buildings', 'crafts', 'animals'] as const
export type Topic = (typeof TOPICS)[number]

/** Scenes that are drawn, eight to a topic and four animals. The captions say what the drawing shows. */
export const SCENES = {
  nature: ['sunset', 'peaks', 'tree', 'river', 'sunflowers', 'moon', 'rainbow', 'birches'],
  food: ['soup', 'bread', 'apples', 'watermelon', 'tea', 'fish', 'cake', 'grapes'],
  buildings: ['house', 'bridge', 'lighthouse', 'windmill', 'castle', 'city', 'hut', 'clock'],
  crafts: ['embroidery', 'carpet', 'jug', 'lanterns', 'mosaic', 'drum', 'basket', 'kite'],
  animals: ['butterfly', 'goldfish', 'cat', 'owl'],
} as const satisfies Record<Topic, readonly string[]>

export type Scene = (typeof SCENES)[Topic][number]

/** Everything that one language's site says. Written for this site; nothing is taken from elsewhere. */
export interface SiteTexts {
  /** BCP 47 tag of the site. */
  tag: string
  title: string
  intro: string
  topics: Record<Topic, { title: string; lead: string }>
  captions: Record<Scene, string>
  /** Alternative text of the sign that stands on every page. */
  home: string
  /** Second text for a picture that stands on two pages. */
  bridgeAgain: string
  /** Title and lead of the page with the odd cases. */
  more: { title: string; lead: string }
  /** Title and lead of the page that asks not to be used for training. */
  reserved: { title: string; lead: string }
}
