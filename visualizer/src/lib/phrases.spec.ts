import french from '@/locales/said.fr.json'
import { phrasebook } from './phrases'

const say = phrasebook(french)
/** The spaces that do not break are shown as those that do. */
const plainly = (text: string): string | null => say(text)?.replace(/[\u00a0\u202f]/g, ' ') ?? null

describe('what the server says, in French', () => {
  it.each([
    ['switched off', 'désactivée'],
    ['no face found', 'aucun visage trouvé'],
    ['3 faces', '3 visages'],
    ['tiny: the face is 17 pixels wide', 'minuscule : le visage a 17 pixels de large'],
    [
      'unlike the other pictures (similarity 0.21); looks like Ann Ace (0.64)',
      'ne ressemble pas aux autres images (ressemblance 0,21) ; ressemble à Ann Ace (0,64)',
    ],
    ['one of 4 pictures of another person', 'l’une des 4 images d’une autre personne'],
    [
      "seen from the side: the eyes are 9% of the face's width apart; similarity to the other pictures 0.31",
      'vue de côté : l’écart des yeux est de 9 % de la largeur du visage ; ressemblance aux autres images 0,31',
    ],
    ['like track 14 of this video (0.71)', 'comme la piste 14 de cette vidéo (0,71)'],
  ])('the reason "%s"', (text, wanted) => {
    expect(plainly(text)).toBe(wanted)
  })

  it.each([
    ['Only 2 pictures of Ann Ace: add at least 3.', 'Seulement 2 images d’Ann Ace : ajoutez-en au moins 3.'],
    [
      'Ann Ace and Ben Bo are confused: 2 pictures of Ann Ace look like Ben Bo and 1 of Ben Bo like Ann Ace. Look at a.jpg, b.jpg and c.jpg.',
      'Ann Ace et Ben Bo sont pris l’un pour l’autre : 2 images d’Ann Ace ressemblent à Ben Bo et 1 de Ben Bo à Ann Ace. Regardez a.jpg, b.jpg et c.jpg.',
    ],
    [
      '1 picture of Ann Ace does not agree with the others: somebody else, or a very bad picture? Look at a.jpg.',
      '1 image d’Ann Ace ne concorde pas avec les autres : quelqu’un d’autre, ou une très mauvaise image ? Regardez a.jpg.',
    ],
    [
      '3 of 90 strangers get the name Ann Ace: add pictures of Ann Ace, or to Unknown those who look alike.',
      '3 étrangers sur 90 reçoivent le nom d’Ann Ace : ajoutez des images d’Ann Ace, ou dans Unknown ceux qui lui ressemblent.',
    ],
    [
      '7 of 9 pictures of Ann Ace do not train (4 outlier, 3 no face): find others.',
      '7 images d’Ann Ace sur 9 ne servent pas (4 autre personne ?, 3 aucun visage) : trouvez-en d’autres.',
    ],
    [
      'Pictures of Ann Ace disagree: 6 look like one person, 3 like another. Two people under one name? Look at a.jpg and b.jpg.',
      'Les images d’Ann Ace ne concordent pas : 6 ressemblent à une personne, 3 à une autre. Deux personnes sous un même nom ? Regardez a.jpg et b.jpg.',
    ],
  ])('the advice "%s"', (text, wanted) => {
    expect(plainly(text)).toBe(wanted)
  })

  it.each([
    ["There is no video in this project 'x y'.", 'Introuvable : la vidéo de ce projet « x y ».'],
    ["There is a project 'p' already.", 'Il existe déjà un projet « p ».'],
    [
      "project name '///' is empty. Give it at least one letter.",
      'Pour le projet, le nom « /// » est vide. Il faut une lettre au moins.',
    ],
    ['A picture has at most 20,971,520 bytes.', 'Une image a 20 971 520 octets au plus.'],
    ['The file is empty.', 'Le fichier est vide.'],
    ['My old photo.jpg is a web page, not a picture.', 'My old photo.jpg est une page web, pas une image.'],
    [
      'http://10.0.0.1/a.mp4: leads to a private address, which is not fetched. An administrator may allow it by fetch.allow_networks',
      'http://10.0.0.1/a.mp4 : mène à une adresse privée, que l’on ne lit pas. Un administrateur peut le permettre par fetch.allow_networks',
    ],
  ])('the refusal "%s"', (text, wanted) => {
    expect(plainly(text)).toBe(wanted)
  })

  it.each([
    ['Aligning faces: 3 of 12 photos', 'Repérage des visages : 3 sur 12 photos'],
    ['Simone Veil: 4 of 20 pictures', 'Simone Veil : 4 sur 20 images'],
    ['film.mp4: 31 of 120 s of video', 'film.mp4 : 31 sur 120 s de vidéo'],
    ['Cleaning', 'Tri des images'],
    ['Pictures of Le bal: 1 of 4 pictures', 'Images de Le bal : 1 sur 4 images'],
    [
      'A classifier needs two people or more, not 1. Crawl another name into the project.',
      'Pour apprendre il faut deux personnes au moins, et non 1. Ajoutez un autre nom au projet.',
    ],
    [
      'Failed: film.mp4: is an empty file. Copy or download it again.',
      'Échec : film.mp4 : est un fichier vide. Copiez-le ou téléchargez-le à nouveau.',
    ],
  ])('the line of a job "%s"', (text, wanted) => {
    expect(plainly(text)).toBe(wanted)
  })

  it.each(['', 'Ann Ace', 'because I say so', 'Jean Profile', 'x'.repeat(3000), 'a: b: c: d e f g h i j k l m n o'])(
    'what it does not say is not in it: "%s"',
    (text) => {
      expect(say(text)).toBeNull()
    },
  )
})

describe('a phrasebook', () => {
  it('takes the sentence with the most words of its own', () => {
    const book = phrasebook({ '{a} of {b}': '{b} de {a}', '{a} of all {b}': 'tous {b} : {a}' })
    expect(book('two of all men')).toBe('tous men\u00a0: two')
  })

  it('goes by the first number where there are two forms', () => {
    const book = phrasebook({ '{#n} cats': '{n} chat | {n} chats' })
    expect([book('0 cats'), book('1 cats'), book('12 cats')]).toEqual(['0 chat', '1 chat', '12 chats'])
  })

  it('has a blank that may be empty at its end', () => {
    const book = phrasebook({ '{~who}: {#n} of {#all} {~unit}': '{who} : {n} sur {all} {unit}', photos: 'photos' })
    expect(book('Ann: 1 of 2')).toBe('Ann\u00a0: 1 sur 2')
    expect(book('Ann: 1 of 2 photos')).toBe('Ann\u00a0: 1 sur 2 photos')
    expect(book('Ann: one of 2 photos')).toBeNull()
  })
})
