import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a Redis server, to break connections at chosen moments. */
export interface TcpProxy extends AsyncDisposable {
  readonly url: string;
  /** Connections open at the moment. */
  readonly connections: number;
  /** Breaks all connections; new ones are accepted. */
  cut(): void;
  /** Breaks all connections, and new ones at once, until it is called with `false`. */
  refuse(refusing: boolean): void;
  /** Passes the next `count` requests on, and breaks the connection instead of passing the answer back. */
  loseAnswers(count?: number): void;
  /** Passes nothing on in either direction from now on, on the connections that are open. */
  freeze(): void;
  close(): Promise<void>;
}

export async function startProxy(port: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let answersToLose = 0;
  let refusing = false;
  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(port, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      if (answersToLose > 0) {
        answersToLose--;
        client.destroy();
      } else client.write(data);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  const proxy: TcpProxy = {
    url: `redis://127.0.0.1:${own}`,
    get connections() {
      return pairs.size;
    },
    cut() {
      for (const [client] of pairs) client.destroy();
    },
    refuse(value) {
      refusing = value;
      if (value) proxy.cut();
    },
    loseAnswers(count = 1) {
      answersToLose = count;
    },
    freeze() {
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    async close() {
      proxy.cut();
      server.close();
      await once(server, "close");
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
  return proxy;
}
