/** Where the browser gets a file that a job wrote; the result of the job says `out/PROJECT/…`. */
export function resultAddress(project: string, path: string): string {
  const own = `out/${project}/`
  if (!path.startsWith(own)) return ''
  const steps = path.slice(own.length).split('/').map(encodeURIComponent)
  return `/api/v1/projects/${encodeURIComponent(project)}/results/${steps.join('/')}`
}
