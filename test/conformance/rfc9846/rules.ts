/** Makes a test of each rule: the fault has exactly this code and alert, the alert is on the wire, and nothing comes after it. */
import { expect, it } from 'vitest'
import { play, type Rule } from './peer.ts'

export function testRules(rules: readonly Rule[]): void {
  for (const rule of rules) {
    it(nameOf(rule), () => {
      const peer = play(rule)
      if ('accepted' in rule) {
        expect(peer.error).toBeUndefined()
        expect(peer.connection.info).toBeDefined()
        return
      }
      expect({ code: peer.error?.code, alert: peer.error?.alert, heard: peer.alertHeard }, peer.error?.message).toEqual({
        code: rule.code,
        alert: rule.alert,
        heard: rule.alert,
      })
      expect(peer.error?.origin).toBe('local')
      expect(peer.events.filter(event => event === 'failed')).toHaveLength(1)
      expect(peer.events.at(-1)).toBe('failed')
      expect(peer.connection.waitingFor).toBe('nothing')
    })
  }
}

/** Says all that the table in `docs/rfc9846.md` is made of: section, rule, role and what comes of it. */
function nameOf(rule: Rule): string {
  const section = rule.section.startsWith('RFC') ? rule.section : `§${rule.section}`
  const role = 'client' in rule ? 'client' : 'server'
  return `${section} ${rule.rule} [${role}: ${'accepted' in rule ? 'accepted' : rule.alert}]`
}
