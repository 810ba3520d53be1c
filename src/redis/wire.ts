import type { Duplex } from "node:stream";
import type { Arg, Reply } from "./connection.js";
import { encodeCommands, ReplyParser } from "./resp.js";
import { receive } from "./socket.js";

/** Memory for large texts, or what gives it when the first one comes. */
export type Room = Buffer | (() => Buffer);

/** A pipeline whose replies are due. */
interface Due {
  readonly count: number;
  readonly replies: Reply[];
  readonly resolve: (replies: readonly Reply[]) => void;
  readonly reject: (error: Error) => void;
  /** Where the large texts go, and how much of it is taken. */
  room: Room | undefined;
  used: number;
}

/** What a server answers that has become a replica or is still loading: another connection may lead to a better one. */
const UNFIT = /^(READONLY|LOADING|MASTERDOWN)/;

/**
 * Commands and replies over a socket, which somebody else connects. Replies come in the order of the commands. A socket
 * that closes, speaks something else than RESP 2, belongs to a server that is not ready, or stays silent for `silence` milliseconds while a reply is due, is
 * broken: everything due on it is rejected.
 */
export class Wire {
  readonly #socket: Duplex;
  readonly #silence: number;
  /** From `#first` on: the pipelines whose replies are due. */
  #due: Due[] = [];
  #first = 0;
  /** Runs on when all replies are there, and means nothing then: starting and ending one for each is much of a short read. */
  #timer: NodeJS.Timeout | undefined;
  #broken: Error | undefined;

  constructor(socket: Duplex, silence: number) {
    this.#socket = socket;
    this.#silence = silence;
    const parser = new ReplyParser({
      reply: (reply) => this.#receive(reply),
      place: (length) => this.#place(length),
    });
    receive(socket, (chunk) => {
      try {
        parser.write(chunk);
        if (this.#first < this.#due.length) this.#timer?.refresh();
      } catch (error) {
        this.#break(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on("error", (error) => this.#break(error));
    socket.once("close", () => this.#break(new Error("the connection was closed")));
    if (socket.destroyed) this.#break(new Error("the connection was closed"));
  }

  get broken(): boolean {
    return this.#broken !== undefined;
  }

  /**
   * The replies to these commands; errors of single commands are replies. Rejects only when the socket breaks. Large texts
   * of the replies are put into `room`, one after the other, as long as they find space there.
   */
  run(commands: readonly (readonly Arg[])[], room?: Room): Promise<readonly Reply[]> {
    if (this.#broken) return Promise.reject(this.#broken);
    const pieces = encodeCommands(commands);
    const replies = new Promise<readonly Reply[]>((resolve, reject) => {
      this.#due.push({ count: commands.length, replies: [], resolve, reject, room, used: 0 });
    });
    if (this.#due.length === 1) this.#startWaiting();
    if (pieces.length > 1) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (pieces.length > 1) this.#socket.uncork();
    return replies;
  }

  close(reason = new Error("the connection was closed")): void {
    this.#break(reason);
  }

  #startWaiting(): void {
    if (this.#timer) this.#timer.refresh();
    else {
      this.#timer = setTimeout(() => {
        if (this.#due.length > 0) this.#break(new Error("the server does not answer"));
      }, this.#silence).unref(); // the socket keeps the program running
    }
  }

  #receive(reply: Reply): void {
    const due = this.#due[this.#first];
    if (!due || (reply instanceof Error && UNFIT.test(reply.message))) {
      this.#break(
        due && reply instanceof Error
          ? reply
          : new Error("the server sent a reply that nobody had asked for"),
      );
      return;
    }
    due.replies.push(reply);
    if (due.replies.length < due.count) return;
    this.#first++;
    if (this.#first === this.#due.length) {
      this.#due = [];
      this.#first = 0;
    }
    due.resolve(due.replies);
  }

  #place(length: number): Buffer | undefined {
    const due = this.#due[this.#first];
    if (!due?.room) return undefined;
    const room = typeof due.room === "function" ? due.room() : due.room;
    due.room = room;
    const start = due.used;
    const end = start + length;
    if (end > room.length) return undefined;
    due.used = end;
    return room.subarray(start, end);
  }

  #break(error: Error): void {
    if (this.#broken) return;
    this.#broken = error;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const due = this.#due.slice(this.#first);
    this.#due = [];
    this.#first = 0;
    this.#socket.destroy();
    for (const { reject } of due) reject(error);
  }
}
