/** The suite as a worker of workerd: answers any request with the results. WebAssembly may not be compiled there; the configuration has it. */
import kernels from 'tassel.wasm'
import { loadWasm } from '../../../src/crypto/wasm.ts'
import { runHere } from './web.ts'

export default {
  async fetch(): Promise<Response> {
    await loadWasm(kernels)
    return Response.json(await runHere())
  },
}
