// Stands between a client and the service: sees what passes, and loses what it is told to lose.
import { createServer, request as send, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Passed {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Of the service's answer. */
  status: number;
  replayed: boolean;
}

export class Proxy implements AsyncDisposable {
  readonly passed: Passed[] = [];
  /** Whether an answer, which the service has given, gets lost on its way back. */
  loses: (passed: Passed) => boolean = () => false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(service: string): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server);
    server.on("request", (incoming, outgoing) => {
      const { method = "", url = "", headers } = incoming;
      const onward = send(service + url, { method, headers }, (answer) => {
        const replayed = answer.headers["idempotent-replayed"] === "true";
        const passed = { method, path: url, headers, status: answer.statusCode ?? 0, replayed };
        proxy.passed.push(passed);
        if (proxy.loses(passed)) return void answer.resume().on("end", () => outgoing.destroy());
        outgoing.writeHead(passed.status, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What has passed to a path below `/api/v1/`. */
  to(path: string): Passed[] {
    return this.passed.filter((passed) => passed.path === `/api/v1/${path}`);
  }

  /** Lose the first answers that come from a path. */
  lose(path: string, times = 1): void {
    let left = times;
    this.loses = (passed) => passed.path === `/api/v1/${path}` && left-- > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
