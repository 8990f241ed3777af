/** The requests of one plugin thread, from its start to its end: sent in batches, answered in any order. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { BulkheadError } from '../../errors.ts';
import type { RequestMessage, RequestOf, ThreadAnswer, ThreadAnswers, ThreadOp } from './messages.ts';
import { Outbox } from './outbox.ts';

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

export class Link {
  /** For the thread. */
  readonly far: MessagePort;
  readonly #near: MessagePort;
  readonly #outbox: Outbox<RequestMessage>;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #failure: BulkheadError | undefined;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    this.far = port2;
    this.#outbox = new Outbox(port1, ([id], error) => this.#take(id)?.reject(error));
    port1.on('message', (answers: readonly ThreadAnswer[]) => {
      for (const answer of answers) this.#settle(answer);
    });
  }

  /** Requests under way. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Sends one request. Throws why the link ended, where it did before the answer. */
  request<Op extends ThreadOp>(request: RequestOf<Op>): Promise<ThreadAnswers[Op]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject });
      this.#outbox.push([id, request], this.#waiting.size === 1);
    });
  }

  /** The thread is gone: whoever waits, and whoever asks from now on, is told why. */
  end(reason: BulkheadError): void {
    this.#failure ??= reason;
    this.#near.close();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #settle(answer: ThreadAnswer): void {
    const waiting = this.#take(answer[0]);
    if (answer.length === 2) waiting?.resolve(answer[1]);
    else waiting?.reject(BulkheadError.from(answer[2]));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
