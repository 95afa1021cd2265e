/** QuickJS inside WebAssembly: a JavaScript engine with the language, and nothing else but what is injected here. */
import { randomBytes } from 'node:crypto'
import variant from '@jitl/quickjs-wasmfile-release-sync'
import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSSyncVariant, Scope } from 'quickjs-emscripten-core'

/** A new one. It is not disposed of: it goes with the memory of its module, which is new too. */
export async function newQuickJs(): Promise<QuickJSContext> {
  // Its types are those of its CommonJS form, where the variant is a property `default`.
  return (await newQuickJSWASMModuleFromVariant(variant as unknown as QuickJSSyncVariant)).newContext()
}

/** Runs a script. What is there of its value once the promises are settled that it has made: text, a number, a plain object. */
export function evaluate(vm: QuickJSContext, code: string): unknown {
  return Scope.withScope(scope => {
    const value = scope.manage(vm.unwrapResult(vm.evalCode(code)))
    runJobs(vm)
    const state = vm.getPromiseState(value)
    if (state.type === 'pending') throw new Error('the promise waits for something that QuickJS has not')
    return vm.dump(scope.manage(vm.unwrapResult(state)))
  })
}

function runJobs({ runtime }: QuickJSContext): void {
  for (let ran = 1; ran > 0; ) ran = runtime.executePendingJobs().unwrap()
}

/** A random source and a clock, as the globals `random` and `now`. */
export function inject(vm: QuickJSContext): void {
  const random = vm.newFunction('random', size => vm.newArrayBuffer(new Uint8Array(randomBytes(vm.getNumber(size))).buffer))
  random.consume(handle => vm.setProp(vm.global, 'random', handle))
  vm.newFunction('now', () => vm.newNumber(Date.now())).consume(handle => vm.setProp(vm.global, 'now', handle))
}
