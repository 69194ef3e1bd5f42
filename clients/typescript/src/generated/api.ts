// Generated from the OpenAPI document by `npm run generate`. Do not edit.

import type { Core } from "../core.js";
import type { CallOptions, ReadOptions, UpdateOptions, WriteOptions } from "../options.js";
import type {
  AccountDeletion,
  AuthSessionsListQuery,
  EmailChange,
  EmailOnly,
  Health,
  LinkToken,
  Live,
  PasswordChange,
  PasswordReset,
  ProfilePatch,
  SecurityEvent,
  SecurityEventPage,
  Session,
  SessionLogout,
  SessionPage,
  StaffUser,
  StaffUserPage,
  TokenPair,
  User,
  UserLogin,
  UserPatch,
  UserRegister,
  UsersListQuery,
  UsersMeSecurityEventsQuery,
  UsersSecurityEventsQuery,
} from "./models.js";
import { OPERATIONS } from "./table.js";

/** The operations of `auth.sessions`. */
export class AuthSessionsApi {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * List where you are logged in, the newest login first
   *
   * `GET /api/v1/auth/sessions/`
   *
   * Refusals: `ValidationError`.
   */
  list(query: AuthSessionsListQuery = {}, options: CallOptions = {}): Promise<SessionPage> {
    return this.#core.call(OPERATIONS["auth.sessions.list"], { query }, options);
  }

  /** All results of `list`, fetched page by page. */
  iterate(
    query: AuthSessionsListQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<Session, void> {
    return this.#core.iterate(OPERATIONS["auth.sessions.list"], { query }, options);
  }

  /**
   * End one of your sessions
   *
   * `DELETE /api/v1/auth/sessions/{session_id}/`
   *
   * Refusals: `ValidationError`, `NotFound`.
   */
  end(sessionId: string, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.sessions.end"], { path: [sessionId] }, options);
  }
}

/** The operations of `auth.password`. */
export class AuthPasswordApi {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Change your password. Every other session ends, this one lives on.
   *
   * `POST /api/v1/auth/password/change/`
   *
   * Refusals: `ValidationError`.
   */
  change(body: PasswordChange, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.password.change"], { body }, options);
  }

  /**
   * Ask for a link to a new password. The answer does not tell whether there is an account.
   *
   * `POST /api/v1/auth/password/reset/`
   *
   * Refusals: `ValidationError`.
   */
  reset(body: EmailOnly, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.password.reset"], { body }, options);
  }

  /**
   * Set a new password with the token of a mailed link. Every session ends.
   *
   * `POST /api/v1/auth/password/reset/confirm/`
   *
   * Refusals: `ValidationError`, `TokenInvalid`.
   */
  resetConfirm(body: PasswordReset, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.password.reset_confirm"], { body }, options);
  }
}

/** The operations of `auth.email`. */
export class AuthEmailApi {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Prove an address with the token of a mailed link; a new address becomes the account's
   *
   * `POST /api/v1/auth/email/verify/`
   *
   * Refusals: `ValidationError`, `TokenInvalid`, `Conflict`.
   */
  verify(body: LinkToken, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.email.verify"], { body }, options);
  }

  /**
   * Ask for another verification link. The answer does not tell whether there is an account.
   *
   * `POST /api/v1/auth/email/verify/resend/`
   *
   * Refusals: `ValidationError`.
   */
  verifyResend(body: EmailOnly, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.email.verify_resend"], { body }, options);
  }

  /**
   * Ask to move to another address. It has to prove itself first; the old one is warned.
   *
   * `POST /api/v1/auth/email/change/`
   *
   * Refusals: `ValidationError`.
   */
  change(body: EmailChange, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.email.change"], { body }, options);
  }
}

/** Accounts' way in: registration, tokens, sessions, passwords. */
export class AuthApi {
  readonly sessions: AuthSessionsApi;
  readonly password: AuthPasswordApi;
  readonly email: AuthEmailApi;
  readonly #core: Core;

  constructor(core: Core) {
    this.sessions = new AuthSessionsApi(core);
    this.password = new AuthPasswordApi(core);
    this.email = new AuthEmailApi(core);
    this.#core = core;
  }

  /**
   * Create an account. It can log in at once, verified or not.
   *
   * `POST /api/v1/auth/register/`
   *
   * Refusals: `ValidationError`.
   */
  register(body: UserRegister, options: WriteOptions = {}): Promise<User> {
    return this.#core.call(OPERATIONS["auth.register"], { body }, options);
  }

  /**
   * Open a session. Unknown, wrong and inactive are refused alike.
   *
   * `POST /api/v1/auth/login/`
   *
   * Refusals: `ValidationError`, `InvalidCredentials`.
   */
  login(body: UserLogin, options: CallOptions = {}): Promise<TokenPair> {
    return this.#core.call(OPERATIONS["auth.login"], { body }, options);
  }

  /**
   * Exchange a refresh token for a new pair; the old one is spent
   *
   * The client does so by itself when the access token has expired.
   *
   * `POST /api/v1/auth/refresh/`
   *
   * Refusals: `ValidationError`, `TokenInvalid`, `TokenExpired`, `SessionRevoked`, `RefreshTokenRotated`, `RefreshTokenReused`.
   */
  refresh(options: Pick<CallOptions, "signal"> = {}): Promise<void> {
    return this.#core.refresh(options);
  }

  /**
   * End the session of a refresh token, or without one the bearer's own
   *
   * `POST /api/v1/auth/logout/`
   *
   * Refusals: `ValidationError`.
   */
  logout(body?: SessionLogout, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.logout"], { body }, options);
  }

  /**
   * End every session of yours, this one too
   *
   * `POST /api/v1/auth/logout/all/`
   *
   * Refusals: `ValidationError`.
   */
  logoutAll(options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.logout_all"], {}, options);
  }

  /**
   * Object to what a mail told of: every session and the password end, a reset link is mailed
   *
   * `POST /api/v1/auth/not-me/`
   *
   * Refusals: `ValidationError`, `TokenInvalid`.
   */
  notMe(body: LinkToken, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["auth.not_me"], { body }, options);
  }
}

/** The operations of `users.me`. */
export class UsersMeApi {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Read your own account
   *
   * `GET /api/v1/users/me/`
   */
  get(options: ReadOptions<User> = {}): Promise<User> {
    return this.#core.call(OPERATIONS["users.me.get"], {}, options);
  }

  /**
   * Change your own names. A field left out stays as it is.
   *
   * `PATCH /api/v1/users/me/`
   *
   * Refusals: `ValidationError`, `PreconditionFailed`.
   */
  update(body: ProfilePatch, options: UpdateOptions<User> = {}): Promise<User> {
    return this.#core.call(OPERATIONS["users.me.update"], { body }, options);
  }

  /**
   * Delete your account, for good. Your address is free again at once.
   *
   * `POST /api/v1/users/me/delete/`
   *
   * Refusals: `ValidationError`.
   */
  delete(body: AccountDeletion, options: WriteOptions = {}): Promise<void> {
    return this.#core.call(OPERATIONS["users.me.delete"], { body }, options);
  }

  /**
   * List what happened to your account, the newest first
   *
   * `GET /api/v1/users/me/security-events/`
   *
   * Refusals: `ValidationError`.
   */
  securityEvents(
    query: UsersMeSecurityEventsQuery = {},
    options: CallOptions = {},
  ): Promise<SecurityEventPage> {
    return this.#core.call(OPERATIONS["users.me.security_events"], { query }, options);
  }

  /** All results of `securityEvents`, fetched page by page. */
  iterateSecurityEvents(
    query: UsersMeSecurityEventsQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<SecurityEvent, void> {
    return this.#core.iterate(OPERATIONS["users.me.security_events"], { query }, options);
  }
}

/** Who the caller is; for staff, who everybody is. */
export class UsersApi {
  readonly me: UsersMeApi;
  readonly #core: Core;

  constructor(core: Core) {
    this.me = new UsersMeApi(core);
    this.#core = core;
  }

  /**
   * List users, searched, filtered and sorted
   *
   * `GET /api/v1/users/`
   *
   * Refusals: `ValidationError`, `PermissionDenied`.
   */
  list(query: UsersListQuery = {}, options: CallOptions = {}): Promise<StaffUserPage> {
    return this.#core.call(OPERATIONS["users.list"], { query }, options);
  }

  /** All results of `list`, fetched page by page. */
  iterate(query: UsersListQuery = {}, options: CallOptions = {}): AsyncGenerator<StaffUser, void> {
    return this.#core.iterate(OPERATIONS["users.list"], { query }, options);
  }

  /**
   * Read a user: yourself, or anybody with the permission. Who lacks it learns nothing.
   *
   * `GET /api/v1/users/{user_id}/`
   *
   * Refusals: `NotFound`.
   */
  get(userId: string, options: ReadOptions<StaffUser | User> = {}): Promise<StaffUser | User> {
    return this.#core.call(OPERATIONS["users.get"], { path: [userId] }, options);
  }

  /**
   * Change a user. Staff rights, and superusers, are for superusers to change.
   *
   * `PATCH /api/v1/users/{user_id}/`
   *
   * Refusals: `ValidationError`, `PermissionDenied`, `NotFound`, `PreconditionFailed`.
   */
  update(
    userId: string,
    body: UserPatch,
    options: UpdateOptions<StaffUser | User> = {},
  ): Promise<StaffUser | User> {
    return this.#core.call(OPERATIONS["users.update"], { path: [userId], body }, options);
  }

  /**
   * List what happened to a user's account, the newest first
   *
   * `GET /api/v1/users/{user_id}/security-events/`
   *
   * Refusals: `ValidationError`, `PermissionDenied`, `NotFound`.
   */
  securityEvents(
    userId: string,
    query: UsersSecurityEventsQuery = {},
    options: CallOptions = {},
  ): Promise<SecurityEventPage> {
    return this.#core.call(OPERATIONS["users.security_events"], { path: [userId], query }, options);
  }

  /** All results of `securityEvents`, fetched page by page. */
  iterateSecurityEvents(
    userId: string,
    query: UsersSecurityEventsQuery = {},
    options: CallOptions = {},
  ): AsyncGenerator<SecurityEvent, void> {
    return this.#core.iterate(OPERATIONS["users.security_events"], { path: [userId], query }, options);
  }
}

/** Probes for people, load balancers and orchestrators. */
export class HealthApi {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * How every part of the service is; 503 when the database is away
   *
   * `GET /api/v1/health/`
   */
  read(options: CallOptions = {}): Promise<Health> {
    return this.#core.call(OPERATIONS["health.read"], {}, options);
  }

  /**
   * The process answers. Nothing else is touched.
   *
   * `GET /api/v1/health/live/`
   */
  live(options: CallOptions = {}): Promise<Live> {
    return this.#core.call(OPERATIONS["health.live"], {}, options);
  }

  /**
   * Whether to send requests here: database there, migrations applied, not about to stop
   *
   * `GET /api/v1/health/ready/`
   */
  ready(options: CallOptions = {}): Promise<Health> {
    return this.#core.call(OPERATIONS["health.ready"], {}, options);
  }
}

/** Every operation of the service. */
export class Api {
  readonly auth: AuthApi;
  readonly users: UsersApi;
  readonly health: HealthApi;

  constructor(core: Core) {
    this.auth = new AuthApi(core);
    this.users = new UsersApi(core);
    this.health = new HealthApi(core);
  }
}
