import type { Colour, Form, Phrase, Size } from '../phrases.ts'

const COLOUR: Record<Colour, string> = {
  black: '검은색',
  white: '흰색',
  grey: '회색',
  red: '빨간색',
  orange: '주황색',
  yellow: '노란색',
  green: '초록색',
  blue: '파란색',
  purple: '보라색',
  pink: '분홍색',
  brown: '갈색',
  turquoise: '청록색',
}
const SIZE: Record<Size, string> = { large: '큰 ', small: '작은 ', plain: '' }
const FORM: Record<Form, string> = { round: '둥근 ', square: '네모난 ', wide: '넓은 ', tall: '높은 ', plain: '' }
const PLACE = {
  middle: '그림 가운데에',
  upper: '그림 위쪽에',
  lower: '그림 아래쪽에',
  left: '그림 왼쪽에',
  right: '그림 오른쪽에',
}
const LIGHT = {
  bright: '빛이 밝고 분위기가 즐겁습니다.',
  dark: '빛이 어둡고 분위기가 조용합니다.',
  soft: '빛이 부드럽고 분위기가 차분합니다.',
}
const SURFACE = { smooth: '표면이 매끄럽습니다.', lines: '가는 선이 많습니다.', edges: '윤곽이 뚜렷합니다.' }
const FORMAT = {
  wide: '그림은 가로가 세로보다 깁니다.',
  tall: '그림은 세로가 가로보다 깁니다.',
  square: '그림은 가로와 세로의 길이가 같습니다.',
}

export function sayKorean(phrase: Phrase): string {
  switch (phrase.kind) {
    case 'shape':
      return `${PLACE[phrase.place]} ${SIZE[phrase.size]}${FORM[phrase.form]}${COLOUR[phrase.colour]} 도형이 있습니다.`
    case 'scattered':
      return `작은 ${COLOUR[phrase.colour]} 도형들이 그림을 덮고 있습니다.`
    case 'pattern':
      return `섬세한 ${COLOUR[phrase.colour]} 무늬가 그림을 채우고 있습니다.`
    case 'bands':
      return `위쪽은 ${COLOUR[phrase.upper]}이고 아래쪽은 ${COLOUR[phrase.lower]}입니다.`
    case 'plain':
      return `그림 전체가 ${COLOUR[phrase.colour]}입니다.`
    case 'mirror':
      return '왼쪽 절반은 오른쪽 절반과 비슷합니다.'
    case 'background':
      return `배경은 ${COLOUR[phrase.colour]}입니다.`
    case 'share':
      return `${COLOUR[phrase.colour]}이 그림의 ${phrase.percent}%를 차지합니다.`
    case 'others':
      return phrase.second
        ? `다른 색은 ${COLOUR[phrase.first]}과 ${COLOUR[phrase.second]}입니다.`
        : `다른 색은 ${COLOUR[phrase.first]}입니다.`
    case 'light':
      return LIGHT[phrase.light]
    case 'surface':
      return SURFACE[phrase.surface]
    case 'format':
      return FORMAT[phrase.format]
  }
}
