// Generated from the OpenAPI document by `npm run generate`. Do not edit.

import type { components } from "./schema.js";

type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** The caller's password, to make sure. */
export interface AccountDeletion extends Schema<"AccountDeletion"> {}

/** How one part is. */
export interface Check extends Schema<"Check"> {}

/** How one part is, in a word. */
export type CheckStatus = Schema<"CheckStatus">;

/** How every part is. */
export interface Checks extends Schema<"Checks"> {}

/** The address to move to, and the caller's password. */
export interface EmailChange extends Schema<"EmailChange"> {}

/** An address to mail a link to. */
export interface EmailOnly extends Schema<"EmailOnly"> {}

/** Everything `code` can be. Clients branch on it, so codes are never renamed. */
export type ErrorCode = Schema<"ErrorCode">;

/** How the whole is. */
export interface Health extends Schema<"Health"> {}

/** How the whole is, in a word. */
export type HealthStatus = Schema<"HealthStatus">;

/** The token of a mailed link. */
export interface LinkToken extends Schema<"LinkToken"> {}

/** The process answers. */
export interface Live extends Schema<"Live"> {}

/** The old and the new password. */
export interface PasswordChange extends Schema<"PasswordChange"> {}

/** The token of a mailed link, and the new password. */
export interface PasswordReset extends Schema<"PasswordReset"> {}

/** What a user may change about themselves. A field left out stays as it is. */
export interface ProfilePatch extends Schema<"ProfilePatch"> {}

/** Something that happened to an account. */
export interface SecurityEvent extends Schema<"SecurityEvent"> {}

/** One page of a list, with its neighbours' addresses. */
export interface SecurityEventPage extends Schema<"SecurityEventPage"> {}

/** What can happen to an account. */
export type SecurityEventType = Schema<"SecurityEventType">;

/** A login on one device. */
export interface Session extends Schema<"Session"> {}

/** Whose session to end; without a token, the bearer's. */
export interface SessionLogout extends Schema<"SessionLogout"> {}

/** One page of a list, with its neighbours' addresses. */
export interface SessionPage extends Schema<"SessionPage"> {}

/** A user, as those see it who may view all users. */
export interface StaffUser extends Schema<"StaffUser"> {}

/** One page of a list, with its neighbours' addresses. */
export interface StaffUserPage extends Schema<"StaffUserPage"> {}

/** A pair of tokens; lifetimes in seconds from now. */
export interface TokenPair extends Schema<"TokenPair"> {}

/** A refresh token to exchange. */
export interface TokenRefresh extends Schema<"TokenRefresh"> {}

/** A user, as the user sees it. */
export interface User extends Schema<"User"> {}

/** Credentials. */
export interface UserLogin extends Schema<"UserLogin"> {}

/** What staff may change about a user. `is_staff` is for superusers to change. */
export interface UserPatch extends Schema<"UserPatch"> {}

/** A new account. */
export interface UserRegister extends Schema<"UserRegister"> {}

/** The query of `auth.sessions.list`. */
export interface AuthSessionsListQuery extends Schema<"AuthSessionsListQuery"> {}

/** The query of `users.me.security_events`. */
export interface UsersMeSecurityEventsQuery extends Schema<"UsersMeSecurityEventsQuery"> {}

/** The query of `users.list`. */
export interface UsersListQuery extends Schema<"UsersListQuery"> {}

/** The query of `users.security_events`. */
export interface UsersSecurityEventsQuery extends Schema<"UsersSecurityEventsQuery"> {}
