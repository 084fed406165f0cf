/** One project: what it holds, its settings, its models and how well they know their people. */

import { answered, client, type Project, type Schemas } from './client'

export type Summary = Schemas['Summary']
export type Room = Schemas['Room']
export type Setting = Schemas['Setting']
export type Model = Schemas['Model']

/** A project with the state that an edit of it names. */
export interface EditableProject {
  project: Project
  etag: string
}

export async function getProject(project: string, signal?: AbortSignal): Promise<EditableProject> {
  let etag = ''
  const asked = client.GET('/api/v1/projects/{project}', { params: { path: { project } }, signal }).then((answer) => {
    etag = answer.response.headers.get('ETag') ?? ''
    return answer
  })
  return { project: await answered(asked), etag }
}

/** Change how people are told apart from the next training on. Refused (412) where somebody else changed the project since. */
export function changeClassifier(project: string, etag: string, classifier: Project['classifier']): Promise<Project> {
  return answered(
    client.PATCH('/api/v1/projects/{project}', {
      params: { path: { project } },
      headers: { 'If-Match': etag },
      body: { classifier: classifier as Schemas['ProjectChange']['classifier'] },
    }),
  )
}

export function getSummary(project: string, signal?: AbortSignal): Promise<Summary> {
  return answered(client.GET('/api/v1/projects/{project}/summary', { params: { path: { project } }, signal }))
}

export async function getStorage(project: string, signal?: AbortSignal): Promise<Room[]> {
  const path = { project }
  return (await answered(client.GET('/api/v1/projects/{project}/storage', { params: { path }, signal }))).items
}

export async function listSettings(project: string, signal?: AbortSignal): Promise<Setting[]> {
  const path = { project }
  return (await answered(client.GET('/api/v1/projects/{project}/settings', { params: { path }, signal }))).items
}

/** The newest model; null where nothing was trained yet. */
export async function newestModel(project: string, signal?: AbortSignal): Promise<Model | null> {
  const params = { path: { project }, query: { limit: 1 } }
  return (await answered(client.GET('/api/v1/projects/{project}/models', { params, signal }))).items[0] ?? null
}

/** What docs/training-report.md describes, as far as the page shows it. */
export interface Report {
  summary: Record<string, number | null>
  strangers_are: string
  held_out: Record<'named_right' | 'named_wrong' | 'strangers_named', HeldOut>
  people: ReportPerson[]
  confused: { person: string; taken_for: string; count: number }[]
  identification: { fpir: number[]; dir: number[] }
  choices: { named_from: number; right: number | null; wrong: number | null; strangers: number | null }[]
  reliability: { ece: number | null; bins: { confidence: number; right: number; count: number }[] }
  advice: { kind: string; people: string[]; text: string }[]
  comparison: Comparison | null
}

export interface HeldOut {
  count: number
  total: number
  low: number | null
  high: number | null
  value: number | null
}

export interface ReportPerson {
  name: string
  n_images: number
  n_held_out: number
  n_right: number
  n_unknown: number
  precision: number | null
  recall: number | null
  confused_with: string
}

export interface Comparison {
  model_id: string
  classifier: string
  created_at: string
  added: string[]
  removed: string[]
  metrics: { key: string; before: number | null; now: number | null }[]
  people: {
    name: string
    images_before: number
    images: number
    recall_before: number | null
    recall: number | null
  }[]
  notes: string[]
}

export async function getReport(project: string, model_id: string, signal?: AbortSignal): Promise<Report> {
  const params = { path: { project, model_id }, query: { format: 'json' as const } }
  return (await answered(
    client.GET('/api/v1/projects/{project}/models/{model_id}/report', { params, signal }),
  )) as Report
}

/** The report as a page of its own, with all that it says. */
export function reportAddress(project: string, modelId: string): string {
  return `/api/v1/projects/${encodeURIComponent(project)}/models/${encodeURIComponent(modelId)}/report?format=html`
}
