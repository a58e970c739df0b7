/**
 * What we use of ComfyUI's page, and no more of it. Only types: nothing runs here.
 *
 * @typedef {object} Widget
 * @property {string} name
 * @property {any} value
 * @property {string} [type]
 * @property {(value: any) => void} [callback]
 * @property {boolean} [serialize]
 * @property {Record<string, any>} [options]
 *
 * @typedef {object} NodeInput
 * @property {string} name
 * @property {number | null} [link]
 * @property {{name: string}} [widget]
 *
 * @typedef {{origin_id: number | string, origin_slot: number}} Link
 *
 * @typedef {object} GraphNode
 * @property {number | string} id
 * @property {string} type
 * @property {string} [comfyClass]
 * @property {string} [title]
 * @property {NodeInput[]} [inputs]
 * @property {Widget[]} [widgets]
 * @property {Graph | null} [graph]
 * @property {Graph} [subgraph] Of a node that holds nodes.
 * @property {[number, number]} pos
 * @property {[number, number]} size
 * @property {boolean} [hideOutputImages]
 * @property {(...args: any[]) => void} [onDrawBackground]
 * @property {(output: any) => void} [onExecuted]
 * @property {() => void} [onRemoved]
 * @property {(size: [number, number]) => void} [setSize]
 * @property {() => [number, number]} [computeSize]
 * @property {(foreground: boolean, background?: boolean) => void} [setDirtyCanvas]
 * @property {(name: string, type: string, element: HTMLElement,
 *   options: Record<string, any>) => Widget} [addDOMWidget]
 *
 * @typedef {object} Graph
 * @property {string} [id]
 * @property {GraphNode[]} [nodes]
 * @property {GraphNode[]} [_nodes]
 * @property {Record<string, any>} [extra]
 * @property {{linkIds: number[]}[]} [outputs] Of a subgraph: its outputs.
 * @property {(id: number | string) => GraphNode | null | undefined} getNodeById
 * @property {(id: number) => Link | null | undefined} getLink
 * @property {(node: GraphNode) => void} [add]
 * @property {(x: number, y: number) => GraphNode | null | undefined} [getNodeOnPos]
 *
 * @typedef {object} Canvas
 * @property {Graph | null} graph
 * @property {HTMLCanvasElement} canvas
 * @property {Record<string, GraphNode>} [selected_nodes]
 * @property {(event: {clientX: number, clientY: number}) => [number, number]} convertEventToCanvasOffset
 * @property {(node: GraphNode) => void} selectNode
 * @property {() => void} emitBeforeChange
 * @property {() => void} emitAfterChange
 * @property {(foreground: boolean, background: boolean) => void} setDirty
 *
 * @typedef {{severity: "success" | "info" | "warn" | "error", summary: string, detail?: string,
 *   life?: number}} Toast
 *
 * @typedef {object} ExtensionManager
 * @property {{get: (id: string) => any, set: (id: string, value: any) => any}} setting
 * @property {{add: (toast: Toast) => void}} toast
 * @property {{execute: (id: string) => Promise<void>}} command
 * @property {(tab: object) => void} registerSidebarTab
 *
 * @typedef {object} App
 * @property {Graph} graph
 * @property {Graph} [rootGraph]
 * @property {Canvas} canvas
 * @property {boolean} configuringGraph
 * @property {Record<string, any>} nodeOutputs
 * @property {ExtensionManager} extensionManager
 * @property {(extension: object) => void} registerExtension
 *
 * @typedef {object} Api
 * @property {(route: string, options?: RequestInit) => Promise<Response>} fetchApi
 * @property {(route: string) => string} apiURL
 * @property {() => Promise<Record<string, any>>} getCustomNodesI18n
 * @property {(name: string, listener: (event: CustomEvent) => void) => void} addEventListener
 * @property {(name: string, listener: (event: CustomEvent) => void) => void} removeEventListener
 */

export {};
