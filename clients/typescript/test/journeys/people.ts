// Somebody with an address of their own, and the devices they use.
import { randomBytes, randomUUID } from "node:crypto";

import { Client, MemoryTokens, type ClientOptions, type Tokens } from "backend-client";

export const SERVICE = process.env["BASE_URL"] ?? "http://127.0.0.1:8000";
export const PASSWORD = "a quiet walk by the sea";
export const NEW_PASSWORD = "a louder walk by the sea";

export interface Device {
  api: Client;
  store: MemoryTokens;
  /** What it holds. */
  tokens: () => Tokens;
}

/** Everybody calls from somewhere else, so that limits by address do not mix. */
export class Person {
  readonly email = `ada.${randomUUID().slice(0, 12)}@example.com`;
  readonly #address = `10.${[...randomBytes(3)].join(".")}`;

  device(name: string, url = SERVICE, options: ClientOptions = {}): Device {
    const store = new MemoryTokens();
    const headers = { "User-Agent": name, "X-Forwarded-For": this.#address };
    const api = new Client(url, { tokens: store, headers, ...options });
    return { api, store, tokens: () => store.load() ?? { access: "", refresh: "" } };
  }

  get credentials(): { email: string; password: string } {
    return { email: this.email, password: PASSWORD };
  }

  async signUp(device: Device): Promise<void> {
    await device.api.auth.register({ ...this.credentials, password_confirm: PASSWORD });
    await device.api.auth.login(this.credentials);
  }
}

/** Wait until the service calls an access token expired. */
export async function expiry({ access }: Tokens): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const headers = { Authorization: `Bearer ${access}` };
    const answer = await fetch(`${SERVICE}/api/v1/users/me/`, { headers });
    const { code } = (await answer.json()) as { code?: string };
    if (code === "token_expired") return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the access token does not expire");
}
