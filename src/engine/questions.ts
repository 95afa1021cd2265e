/** Questions as events: each is answered once, at once or later. */
import { type AlertName, alerts } from '../error.ts'
import type { Ask } from '../handshake/dialogue.ts'
import type { Question } from '../types.ts'

export interface Replies {
  /** Throws `TypeError` where the answer can't be: the question then stays open. */
  answer(value: unknown): void
  refuse(alert: AlertName): void
}

/** A question with the answer that is proposed. */
export function withVerdict(question: Ask, verdict: unknown): Ask {
  return { ...question, about: { ...question.about, verdict } } as Ask
}

/** The event of a question. A second answer or refusal, and an answer of the wrong type, throw `TypeError`. */
export function questionEvent(question: Ask, replies: Replies): Question {
  let answered = false
  const once = (reply: () => void) => {
    if (answered) throw new TypeError(`the question ${question.ask} was answered already`)
    reply()
    answered = true
  }
  const asks = {
    answer: (value: unknown) => once(() => replies.answer(value)),
    refuse: (alert: AlertName = 'access_denied') => {
      if (!(alert in alerts)) throw new TypeError(`no alert is called ${alert}`)
      once(() => replies.refuse(alert))
    },
  }
  return { type: question.ask, ...question.about, ...asks } as Question
}
