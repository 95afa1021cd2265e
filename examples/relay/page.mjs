/** The page: what is asked for, and what came of it. */
import { get } from './https.mjs'

const form = document.querySelector('form')
const show = (id, text) => (document.getElementById(id).textContent = text)

form.addEventListener('submit', async event => {
  event.preventDefault()
  const { url, roots } = Object.fromEntries(new FormData(form))
  for (const id of ['error', 'connection', 'status', 'body']) show(id, '')
  form.toggleAttribute('inert', true)
  show('state', 'working')
  try {
    const { info, status, body } = await get(url, location.origin.replace(/^http/, 'ws'), roots)
    const { protocolVersion, cipherSuite, group, peer } = info
    show('connection', `${protocolVersion}, ${cipherSuite}, ${group}\n${peer.subjects.join('\n')}`)
    show('status', status)
    show('body', new TextDecoder().decode(body))
    show('state', 'done')
  } catch (error) {
    show('error', `${error.name} ${error.code ?? ''}: ${error.message}`)
    show('state', 'failed')
  } finally {
    form.toggleAttribute('inert', false)
  }
})
