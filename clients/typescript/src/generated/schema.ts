// Generated from the OpenAPI document by `npm run generate`. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** The caller's password, to make sure. */
        AccountDeletion: {
            /** Format: password */
            password: string;
        };
        /** How one part is. */
        Check: {
            status: components["schemas"]["CheckStatus"];
            /** Null when nothing was measured. */
            latency_ms: number | null;
        };
        /**
         * How one part is, in a word.
         * @enum {string}
         */
        CheckStatus: "up" | "degraded" | "down";
        /** How every part is. */
        Checks: {
            database: components["schemas"]["Check"];
            cache: components["schemas"]["Check"];
            tasks: components["schemas"]["Check"];
        };
        /** The address to move to, and the caller's password. */
        EmailChange: {
            /** Format: email */
            email: string;
            /** Format: password */
            password: string;
        };
        /** An address to mail a link to. */
        EmailOnly: {
            /** Format: email */
            email: string;
        };
        /**
         * Everything `code` can be. Clients branch on it, so codes are never renamed.
         * @enum {string}
         */
        ErrorCode: "validation_error" | "invalid_json" | "bad_request" | "not_authenticated" | "invalid_credentials" | "token_invalid" | "token_expired" | "session_revoked" | "refresh_token_rotated" | "refresh_token_reused" | "permission_denied" | "not_found" | "method_not_allowed" | "conflict" | "idempotency_in_progress" | "length_required" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "idempotency_key_reused" | "throttled" | "server_error" | "service_unavailable";
        /** How the whole is. */
        Health: {
            status: components["schemas"]["HealthStatus"];
            version: string;
            /** Format: date-time */
            timestamp: string;
            checks: components["schemas"]["Checks"];
        };
        /**
         * How the whole is, in a word.
         * @enum {string}
         */
        HealthStatus: "healthy" | "degraded" | "unhealthy";
        /** The token of a mailed link. */
        LinkToken: {
            /** A token, as it was answered. */
            token: string;
        };
        /** The process answers. */
        Live: {
            /** @constant */
            status: "healthy";
        };
        /** The old and the new password. */
        PasswordChange: {
            /** Format: password */
            current_password: string;
            /** Format: password */
            new_password: string;
            /** Format: password */
            new_password_confirm: string;
        };
        /** The token of a mailed link, and the new password. */
        PasswordReset: {
            /** A token, as it was answered. */
            token: string;
            /** Format: password */
            password: string;
            /** Format: password */
            password_confirm: string;
        };
        /** What a user may change about themselves. A field left out stays as it is. */
        ProfilePatch: {
            first_name?: string;
            last_name?: string;
        };
        /** Something that happened to an account. */
        SecurityEvent: {
            /** Format: uuid */
            id: string;
            type: components["schemas"]["SecurityEventType"];
            /** Format: date-time */
            created_at: string;
            /** Where it came from; null where somebody else did it, or nobody knows. */
            ip_address: string | null;
            user_agent: string;
            /** The session it happened in or to. */
            session_id: string | null;
            /** The `X-Request-ID` of what caused it; empty where no request did. */
            request_id: string;
        };
        /** One page of a list, with its neighbours' addresses. */
        SecurityEventPage: {
            results: components["schemas"]["SecurityEvent"][];
            /** The next page's URL; null on the last. */
            next: string | null;
            /** The previous page's URL; null on the first. */
            previous: string | null;
        };
        /**
         * What can happen to an account.
         * @enum {string}
         */
        SecurityEventType: "registered" | "login_succeeded" | "login_failed" | "password_changed" | "password_refused" | "password_reset_requested" | "password_reset" | "email_verified" | "email_change_requested" | "email_changed" | "not_me" | "session_ended" | "all_sessions_ended" | "refresh_token_reused" | "user_changed" | "user_created" | "user_deleted" | "account_deleted";
        /** A login on one device. */
        Session: {
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * The last login or refresh.
             */
            last_used_at: string;
            /**
             * Format: date-time
             * When it ends unless it is refreshed; never past the session's end.
             */
            expires_at: string;
            ip_address: string | null;
            user_agent: string;
            /** Whether this is the session that is asking. */
            current: boolean;
        };
        /** Whose session to end; without a token, the bearer's. */
        SessionLogout: {
            /** A token, as it was answered. */
            refresh?: string;
        };
        /** One page of a list, with its neighbours' addresses. */
        SessionPage: {
            results: components["schemas"]["Session"][];
            /** The next page's URL; null on the last. */
            next: string | null;
            /** The previous page's URL; null on the first. */
            previous: string | null;
        };
        /** A user, as those see it who may view all users. */
        StaffUser: {
            /** Format: uuid */
            id: string;
            email: string;
            email_verified: boolean;
            first_name: string;
            last_name: string;
            is_staff: boolean;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            is_active: boolean;
            is_superuser: boolean;
            last_login: string | null;
        };
        /** One page of a list, with its neighbours' addresses. */
        StaffUserPage: {
            results: components["schemas"]["StaffUser"][];
            /** The next page's URL; null on the last. */
            next: string | null;
            /** The previous page's URL; null on the first. */
            previous: string | null;
        };
        /** A pair of tokens; lifetimes in seconds from now. */
        TokenPair: {
            /** Opens the API: `Authorization: Bearer <access>`. */
            access: string;
            /** Is exchanged for the next pair, once. */
            refresh: string;
            /** @constant */
            token_type: "Bearer";
            expires_in: number;
            refresh_expires_in: number;
        };
        /** A refresh token to exchange. */
        TokenRefresh: {
            /** A token, as it was answered. */
            refresh: string;
        };
        /** A user, as the user sees it. */
        User: {
            /** Format: uuid */
            id: string;
            email: string;
            email_verified: boolean;
            first_name: string;
            last_name: string;
            is_staff: boolean;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /** Credentials. */
        UserLogin: {
            /** Format: email */
            email: string;
            /** Format: password */
            password: string;
        };
        /** What staff may change about a user. `is_staff` is for superusers to change. */
        UserPatch: {
            first_name?: string;
            last_name?: string;
            is_active?: boolean;
            is_staff?: boolean;
        };
        /** A new account. */
        UserRegister: {
            /** Format: email */
            email: string;
            /** Format: password */
            password: string;
            /** Format: password */
            password_confirm: string;
            /** @default  */
            first_name?: string;
            /** @default  */
            last_name?: string;
        };
        /** The query of `auth.sessions.list`. */
        AuthSessionsListQuery: {
            /**
             * How many results to answer at most.
             * @default 20
             */
            page_size?: number;
            /** Where to go on: take it from `next` or `previous`. */
            cursor?: string;
        };
        /** The query of `users.me.security_events`. */
        UsersMeSecurityEventsQuery: {
            /**
             * How many results to answer at most.
             * @default 20
             */
            page_size?: number;
            /** Where to go on: take it from `next` or `previous`. */
            cursor?: string;
        };
        /** The query of `users.list`. */
        UsersListQuery: {
            /**
             * How many results to answer at most.
             * @default 20
             */
            page_size?: number;
            /** Where to go on: take it from `next` or `previous`. */
            cursor?: string;
            /**
             * A part of the email, first or last name, whatever its case.
             * @default
             */
            search?: string;
            /** Only those who may log in, or may not. */
            is_active?: boolean;
            /** Only those who may use the admin site, or may not. */
            is_staff?: boolean;
            /**
             * What a list of users is sorted by; with `-` descending.
             * @default -created_at
             * @enum {string}
             */
            ordering?: "created_at" | "-created_at" | "email" | "-email";
        };
        /** The query of `users.security_events`. */
        UsersSecurityEventsQuery: {
            /**
             * How many results to answer at most.
             * @default 20
             */
            page_size?: number;
            /** Where to go on: take it from `next` or `previous`. */
            cursor?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
