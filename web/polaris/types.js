/**
 * The shapes that the routes answer with and the events carry. Only types: nothing runs here.
 *
 * @typedef {"checkpoint" | "style" | "object"} SlotName
 *
 * @typedef {object} Card An entry of the zoo.
 * @property {number} id
 * @property {string} name
 * @property {string} kind checkpoint, lora or other.
 * @property {string} role
 * @property {string} base_model
 * @property {string} family
 * @property {string[]} trigger_words
 * @property {number | null} strength As its maker recommends.
 * @property {string[]} tags
 * @property {string} maturity
 * @property {string} file
 * @property {number} size_bytes
 * @property {boolean} on_disk
 * @property {boolean} unsafe
 * @property {string} creator
 * @property {string} licence
 * @property {string} source
 * @property {string} about
 * @property {string} thumbnail A path of ours; empty if there is no picture to show.
 * @property {string} pin
 *
 * @typedef {object} ResultFields What a card has besides when it was found.
 * @property {number} [share] Length of the score bar, 0 to 1.
 * @property {number} [score]
 * @property {string} [reason]
 * @property {string[]} [matched_words]
 * @property {boolean} [pinned]
 * @property {boolean} [banned]
 * @property {boolean} [picked] Used by the next stage.
 * @property {boolean} [dropped] Read by Tree Rerank and not kept.
 * @property {string} [topic]
 * @property {number | null} [asked_strength]
 *
 * @typedef {Card & ResultFields} ResultCard
 *
 * @typedef {object} DetailFields
 * @property {string} description
 * @property {string[]} example_prompts
 * @property {string} negative
 * @property {string[]} training_tags
 * @property {string} sha256
 * @property {string} autov3
 * @property {Record<string, string>} extra
 *
 * @typedef {Card & DetailFields} CardDetails
 *
 * @typedef {object} Slot Cards of one slot, as a node shows them.
 * @property {SlotName} slot
 * @property {"text" | "picture"} asked_by
 * @property {string} query
 * @property {string} note
 * @property {number} found
 * @property {ResultCard[]} cards
 *
 * @typedef {object} Candidate A region that the masker found.
 * @property {number} number
 * @property {number} score
 * @property {[number, number, number, number]} box_xyxy
 * @property {number} area_px
 * @property {boolean} chosen
 * @property {string} bits 64 × 64 cells, base64.
 *
 * @typedef {object} Regions Of one picture.
 * @property {number} width
 * @property {number} height
 * @property {string} sought
 * @property {number} confidence
 * @property {boolean} sure
 * @property {number[]} chosen
 * @property {string[]} notes
 * @property {Candidate[]} candidates
 *
 * @typedef {object} Job
 * @property {string} id
 * @property {"scan" | "index" | "freeze" | "resolve"} kind
 * @property {"waiting" | "running" | "done" | "failed" | "cancelled"} state
 * @property {number} done
 * @property {number} total 0: unknown.
 * @property {string} what
 * @property {number} started
 * @property {number} seconds
 * @property {string} error
 * @property {string} hint
 * @property {any} result
 *
 * @typedef {object} Problem
 * @property {string} path
 * @property {string} problem
 * @property {string} value
 * @property {string} hint
 * @property {string} kind
 *
 * @typedef {object} Status
 * @property {number} total
 * @property {{kind: string, family: string, base_model: string, role: string, count: number}[]} counts
 * @property {string} key
 * @property {{kind: string, path: string}[]} folders
 * @property {{text: string, image: string, ready: boolean, problem: string, hint: string}} encoders
 * @property {{state: "ready" | "stale" | "unknown", checkpoint: IndexState, lora: IndexState}} index
 * @property {{total: number, rows: Problem[]}} problems
 * @property {Job | null} job
 *
 * @typedef {{entries: number, indexed: number | null}} IndexState
 *
 * @typedef {{total: number, offset: number, limit: number, key: string, cards: Card[]}} CardPage
 * @typedef {{cards: ResultCard[], asked: "text" | "picture", seconds: number}} Found
 * @typedef {{node: string, title: string, widgets: Record<string, string | number>}} Loader
 *
 * @typedef {object} PinState
 * @property {boolean} pinned
 * @property {boolean} banned
 * @property {number | null} strength
 * @property {SlotName | null} slot
 * @property {boolean} frozen
 *
 * @typedef {{action: "pin" | "ban" | "clear" | "strength", entry: number, slot: SlotName | null,
 *   strength: number | null}} PinEdit
 * @typedef {{text: string, states: Record<string, PinState>}} PinsReply
 *
 * @typedef {object} NodeFacts A Polaris node of the workflow, as freeze and resolve ask for it.
 * @property {string} type
 * @property {string} [pins]
 * @property {{slot: SlotName, entry: number}[]} [picks]
 * @property {string} [plan]
 * @property {string} [checkpoint]
 * @property {string} [loras]
 *
 * @typedef {{node: string, input: string, value: string}} Edit
 * @typedef {{node: string, error: string, hint: string}} NodeProblem
 *
 * @typedef {object} ModelRow A model that a workflow names.
 * @property {string} node
 * @property {SlotName | null} slot
 * @property {string} name
 * @property {string} file
 * @property {string} sha256
 * @property {number} size_bytes
 * @property {string} source
 * @property {string} [status]
 * @property {string} [found_file]
 *
 * @typedef {{edits: Edit[], frozen: ModelRow[], problems: NodeProblem[]}} Frozen
 * @typedef {{models: ModelRow[], missing: ModelRow[]}} Resolved
 */

export {};
