/** Scan and index: two buttons, a bar while one of them is at work, and its end in words. */

import { cancelJob, getJobs, startJob } from "./api.js";
import { button, fill, h } from "./dom.js";
import { isOver } from "./jobs.js";
import { number, t } from "./text.js";

/** @typedef {import("./types.js").Job} Job */

/** The zoo's jobs, as the sidebar shows them. */
export class JobBar {
  /** @param {(error: unknown) => void} fail */
  constructor(fail) {
    this.fail = fail;
    /** @type {Job | null} */
    this.job = null;
    this.scan = button(t("scan"), () => this.start("scan"), { title: t("scan_title") });
    this.index = button(t("index"), () => this.start("index"), { title: t("index_title") });
    this.stop = button(t("cancel"), () => this.cancel());
    this.bar = h("progress", { "aria-label": t("progress"), max: 1 });
    this.words = h("span", { class: "polaris-job-words", role: "status" });
    this.element = h(
      "div",
      { class: "polaris-jobs" },
      h("div", { class: "polaris-buttons" }, this.scan, this.index, this.stop),
      this.bar,
      this.words,
    );
    this.show(null);
  }

  /** @param {"scan" | "index"} kind */
  async start(kind) {
    this.scan.disabled = this.index.disabled = true;
    try {
      this.show((await startJob(kind)).job);
    } catch (error) {
      this.show(this.job);
      this.fail(error);
    }
  }

  /** Ask the job at work to stop. */
  async cancel() {
    try {
      const job = this.job ?? (await running());
      if (job) this.show((await cancelJob(job.id)).job);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {Job | null} job Of the zoo; null: nothing is at work. */
  show(job) {
    if (job && job.kind !== "scan" && job.kind !== "index") return;
    const stale = job && this.job && job.id === this.job.id && isOver(this.job) && !isOver(job);
    if (stale) return;
    this.job = job;
    const working = job !== null && !isOver(job);
    this.scan.disabled = this.index.disabled = working;
    this.stop.hidden = this.bar.hidden = !working;
    if (job?.total) this.bar.value = job.done / job.total;
    else this.bar.removeAttribute("value");
    fill(this.words, job ? inWords(job) : "");
  }
}

/** @returns {Promise<Job | undefined>} */
async function running() {
  const { jobs } = await getJobs();
  return jobs.find((job) => (job.kind === "scan" || job.kind === "index") && !isOver(job));
}

/** @param {Job} job */
function inWords(job) {
  if (job.state === "failed") return [job.error, job.hint].filter(Boolean).join(". ");
  if (job.state === "cancelled") return t("cancelled");
  if (job.state === "done") return String(job.result?.summary ?? t("done"));
  if (!job.total) return job.what || t("waiting");
  return t("progress_of", { what: job.what, done: number(job.done), total: number(job.total) });
}
