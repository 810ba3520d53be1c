import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../errors.js";
import { ConfigurationError } from "./errors.js";
import type { WriterMetrics } from "./metrics.js";

/** What `/health` answers; `ok: false` gives status 503. */
export interface Health {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

/** The optional HTTP endpoint: `/health` (JSON) and `/metrics` (Prometheus). */
export class HttpEndpoint implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    const { address, port, family } = server.address() as AddressInfo;
    this.url = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
    this.#server = server;
  }

  /** @throws {ConfigurationError} when the address cannot be listened on. */
  static async start(
    address: { readonly host: string; readonly port: number },
    metrics: WriterMetrics,
    health: () => Promise<Health>,
  ): Promise<HttpEndpoint> {
    const server = createServer((request, response) => {
      answer(request, response, metrics, health).catch((error: unknown) => {
        send(response, 500, "text/plain", `${messageOf(error)}\n`);
      });
    });
    server.unref();
    try {
      server.listen(address);
      await once(server, "listening");
    } catch (cause) {
      throw new ConfigurationError(
        `Cannot listen on ${address.host}:${address.port}: ${messageOf(cause)}. Choose another httpHost or httpPort.`,
        { cause },
      );
    }
    return new HttpEndpoint(server);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry }: WriterMetrics,
  health: () => Promise<Health>,
): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (request.method !== "GET" && request.method !== "HEAD") {
    send(response, 405, "text/plain", "Only GET is answered here.\n");
  } else if (path === "/metrics") {
    send(response, 200, registry.contentType, await registry.metrics());
  } else if (path === "/health") {
    const state = await health();
    send(response, state.ok ? 200 : 503, "application/json", `${JSON.stringify(state)}\n`);
  } else {
    send(response, 404, "text/plain", "Nothing here: try /health or /metrics.\n");
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}
