/** Long work of the server: told by events, and asked for where an event was missed. */

import { getJob } from "./api.js";
import { api } from "./host.js";

/** @typedef {import("./types.js").Job} Job */

const ASK_MS = 2000;
const OVER = new Set(["done", "failed", "cancelled"]);

/**
 * Whether nothing more will come of a job.
 *
 * @param {Job} job
 */
export function isOver(job) {
  return OVER.has(job.state);
}

/**
 * Follow a job to its end.
 *
 * @param {Job} job
 * @param {(job: Job) => void} [tell] Told each change, the last one included.
 * @returns {Promise<Job>}
 */
export function follow(job, tell = () => undefined) {
  return new Promise((resolve, reject) => {
    /** @param {Job} now */
    const look = (now) => {
      if (now.id !== job.id) return;
      tell(now);
      if (isOver(now)) end(() => resolve(now));
    };
    /** @param {CustomEvent} event */
    const listen = (event) => look(event.detail);
    const asking = setInterval(async () => {
      try {
        look((await getJob(job.id)).job);
      } catch (error) {
        end(() => reject(error));
      }
    }, ASK_MS);
    /** @param {() => void} settle */
    const end = (settle) => {
      clearInterval(asking);
      api.removeEventListener("polaris.job", listen);
      settle();
    };
    api.addEventListener("polaris.job", listen);
    look(job);
  });
}
