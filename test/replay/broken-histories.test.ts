// The proof that the replay suite sees what it is for: histories broken on purpose, each of which must be refused, and
// for its own reason. What replay itself does not see (inputs, durations, policies) is seen by the comparison of commands.
import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import { DeterminismViolationError } from '@temporalio/workflow'
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Command, RecordedEvent, RecordedHistory } from './history.ts'
import { attributesOf, historyOf, recordedCommands } from './history.ts'
import { bundleWithCapture, replay } from './replay.ts'

let bundle: WorkflowBundleWithSourceMap
beforeAll(async () => {
  bundle = await bundleWithCapture()
})

const SCHEDULED = 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED'
const TIMER = 'EVENT_TYPE_TIMER_STARTED'

describe('replay refuses', () => {
  it('an activity that the code no longer calls by that name', async () => {
    const error = await refusal((history) => {
      const event = first(history, isActivity('apply'))
      attributesOf(event)['activityType'] = { name: 'applyLater' }
    })
    expect(error).toBeInstanceOf(DeterminismViolationError)
    expect(String(error)).toMatch(/applyLater.*apply|apply.*applyLater/s)
  })

  it('a timer where the code calls an activity', async () => {
    const error = await refusal((history) => {
      const event = first(history, isActivity('observe'))
      event.eventType = TIMER
      delete event['activityTaskScheduledEventAttributes']
      event['timerStartedEventAttributes'] = { timerId: '1', startToFireTimeout: '5s' }
    })
    expect(error).toBeInstanceOf(DeterminismViolationError)
    expect(String(error)).toMatch(/Activity machine does not handle this event.*TimerStarted/s)
  })

  it('a history with an event missing in the middle', async () => {
    const error = await refusal((history) => {
      const at = history.events.indexOf(first(history, isActivity('apply')))
      history.events.splice(at, 1)
    })
    expect(String(error)).toMatch(/History is out of order/)
  })
})

describe('the comparison of commands refuses', () => {
  it('an activity with another input', async () => {
    const difference = await differences((history) => {
      const event = first(history, isActivity('apply'))
      const input = attributesOf(event)['input'] as { payloads: { data: string }[] }
      const [payload] = input.payloads
      if (payload === undefined) throw new Error('apply has an input')
      const text = Buffer.from(payload.data, 'base64').toString()
      payload.data = Buffer.from(text.replace('"desired":', '"wanted":')).toString('base64')
    })
    expect(difference).toEqual(['activity apply: input'])
  })

  it('a timer of another duration', async () => {
    const difference = await differences((history) => {
      attributesOf(first(history, ({ eventType }) => eventType === TIMER))['startToFireTimeout'] = '77s'
    })
    expect(difference).toEqual([expect.stringMatching(/^timer \d+: ms$/)])
  })

  it('an activity with another time-out', async () => {
    const difference = await differences((history) => {
      attributesOf(first(history, isActivity('watch')))['startToCloseTimeout'] = '6s'
    })
    expect(difference).toEqual(['activity watch: startToCloseMs'])
  })

  it('an activity with another retry policy', async () => {
    const difference = await differences((history) => {
      const policy = attributesOf(first(history, isActivity('restore')))['retryPolicy'] as Record<
        string,
        unknown
      >
      policy['maximumAttempts'] = 9
    })
    expect(difference).toEqual(['activity restore: retry'])
  })

  it('another end', async () => {
    const difference = await differences((history) => {
      const result = attributesOf(history.events.at(-1) as RecordedEvent)['result'] as {
        payloads: { data: string }[]
      }
      result.payloads = [{ data: Buffer.from('{"outcome":"completed"}').toString('base64') }]
    })
    expect(difference).toEqual(['complete: result'])
  })
})

describe('the packages', () => {
  it('share one protobufjs 8: with two of them, no recorded history can be read at all', () => {
    const here = createRequire(import.meta.url)
    const found = ['@temporalio/common', '@temporalio/proto', '@temporalio/worker'].map((name) =>
      createRequire(here.resolve(name)).resolve('protobufjs/package.json'),
    )
    expect(new Set(found).size, found.join(', ')).toBe(1)
    expect((here(found[0] ?? '') as { version: string }).version).toMatch(/^8\./)
  })
})

const RECORDED = 'abort-at-half' // has every kind of event that is broken here

function first(history: RecordedHistory, matches: (event: RecordedEvent) => boolean): RecordedEvent {
  const found = history.events.find(matches)
  if (found === undefined) throw new Error(`${RECORDED} has no such event; record it anew or choose another`)
  return found
}

function isActivity(type: string): (event: RecordedEvent) => boolean {
  return (event) =>
    event.eventType === SCHEDULED && (attributesOf(event)['activityType'] as { name: string }).name === type
}

async function refusal(breaking: (history: RecordedHistory) => void): Promise<unknown> {
  const history = historyOf(RECORDED)
  breaking(history)
  return await replay(bundle, history).then(
    () => expect.fail('the broken history was accepted'),
    (error: unknown) => error,
  )
}

/** Replays (which must not complain) and says which fields of which commands differ from the broken record. */
async function differences(breaking: (history: RecordedHistory) => void): Promise<string[]> {
  const history = historyOf(RECORDED)
  breaking(history)
  const given = await replay(bundle, history)
  const recorded = recordedCommands(history)
  expect(given.length).toBe(recorded.length)
  return recorded.flatMap((command, at) => {
    const other = given[at] as Command
    const fields = Object.keys(command).filter((field) => !isDeepStrictEqual(command[field], other[field]))
    return fields.map(
      (field) => `${[command.kind, command['type'] ?? command['id']].filter(Boolean).join(' ')}: ${field}`,
    )
  })
}
