/** Addresses of videos, and of moments in them. */

export interface Spot {
  videoId: string
  fragment?: string
  /** Seconds. */
  npt?: number
  /** Which track is selected, by its number in the video. */
  track?: string | number | null
}

/** Where a video of a project is watched, for links: at a time, and with a track selected, where these are said. */
export function toVideo(project: string, { videoId, fragment, npt, track }: Spot) {
  return {
    name: 'video',
    params: { project, videoId },
    query: {
      ...(fragment ? { fragment } : {}),
      ...(npt === undefined ? {} : { t: npt.toFixed(2) }),
      ...(track === undefined || track === null ? {} : { track: String(track) }),
    },
  }
}
