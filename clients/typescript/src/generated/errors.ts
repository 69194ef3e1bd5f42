// Generated from the OpenAPI document by `npm run generate`. Do not edit.

import { ApiError } from "../failures.js";

/** 400 `validation_error`. */
export class ValidationError extends ApiError {
  declare readonly code: "validation_error";
  declare readonly status: 400;

  static {
    this.prototype.name = "ValidationError";
  }
}

/** 400 `invalid_json`. */
export class InvalidJson extends ApiError {
  declare readonly code: "invalid_json";
  declare readonly status: 400;

  static {
    this.prototype.name = "InvalidJson";
  }
}

/** 400 `bad_request`. */
export class BadRequest extends ApiError {
  declare readonly code: "bad_request";
  declare readonly status: 400;

  static {
    this.prototype.name = "BadRequest";
  }
}

/** 401 `not_authenticated`. */
export class NotAuthenticated extends ApiError {
  declare readonly code: "not_authenticated";
  declare readonly status: 401;

  static {
    this.prototype.name = "NotAuthenticated";
  }
}

/** 401 `invalid_credentials`. */
export class InvalidCredentials extends ApiError {
  declare readonly code: "invalid_credentials";
  declare readonly status: 401;

  static {
    this.prototype.name = "InvalidCredentials";
  }
}

/** 400 or 401 `token_invalid`. */
export class TokenInvalid extends ApiError {
  declare readonly code: "token_invalid";
  declare readonly status: 400 | 401;

  static {
    this.prototype.name = "TokenInvalid";
  }
}

/** 401 `token_expired`. */
export class TokenExpired extends ApiError {
  declare readonly code: "token_expired";
  declare readonly status: 401;

  static {
    this.prototype.name = "TokenExpired";
  }
}

/** 401 `session_revoked`. */
export class SessionRevoked extends ApiError {
  declare readonly code: "session_revoked";
  declare readonly status: 401;

  static {
    this.prototype.name = "SessionRevoked";
  }
}

/** 401 `refresh_token_rotated`. */
export class RefreshTokenRotated extends ApiError {
  declare readonly code: "refresh_token_rotated";
  declare readonly status: 401;

  static {
    this.prototype.name = "RefreshTokenRotated";
  }
}

/** 401 `refresh_token_reused`. */
export class RefreshTokenReused extends ApiError {
  declare readonly code: "refresh_token_reused";
  declare readonly status: 401;

  static {
    this.prototype.name = "RefreshTokenReused";
  }
}

/** 403 `permission_denied`. */
export class PermissionDenied extends ApiError {
  declare readonly code: "permission_denied";
  declare readonly status: 403;

  static {
    this.prototype.name = "PermissionDenied";
  }
}

/** 404 `not_found`. */
export class NotFound extends ApiError {
  declare readonly code: "not_found";
  declare readonly status: 404;

  static {
    this.prototype.name = "NotFound";
  }
}

/** `method_not_allowed`. */
export class MethodNotAllowed extends ApiError {
  declare readonly code: "method_not_allowed";

  static {
    this.prototype.name = "MethodNotAllowed";
  }
}

/** 409 `conflict`. */
export class Conflict extends ApiError {
  declare readonly code: "conflict";
  declare readonly status: 409;

  static {
    this.prototype.name = "Conflict";
  }
}

/** 409 `idempotency_in_progress`. */
export class IdempotencyInProgress extends ApiError {
  declare readonly code: "idempotency_in_progress";
  declare readonly status: 409;

  static {
    this.prototype.name = "IdempotencyInProgress";
  }
}

/** 411 `length_required`. */
export class LengthRequired extends ApiError {
  declare readonly code: "length_required";
  declare readonly status: 411;

  static {
    this.prototype.name = "LengthRequired";
  }
}

/** 412 `precondition_failed`. */
export class PreconditionFailed extends ApiError {
  declare readonly code: "precondition_failed";
  declare readonly status: 412;

  static {
    this.prototype.name = "PreconditionFailed";
  }
}

/** 413 `payload_too_large`. */
export class PayloadTooLarge extends ApiError {
  declare readonly code: "payload_too_large";
  declare readonly status: 413;

  static {
    this.prototype.name = "PayloadTooLarge";
  }
}

/** 415 `unsupported_media_type`. */
export class UnsupportedMediaType extends ApiError {
  declare readonly code: "unsupported_media_type";
  declare readonly status: 415;

  static {
    this.prototype.name = "UnsupportedMediaType";
  }
}

/** 422 `idempotency_key_reused`. */
export class IdempotencyKeyReused extends ApiError {
  declare readonly code: "idempotency_key_reused";
  declare readonly status: 422;

  static {
    this.prototype.name = "IdempotencyKeyReused";
  }
}

/** 429 `throttled`. */
export class Throttled extends ApiError {
  declare readonly code: "throttled";
  declare readonly status: 429;

  static {
    this.prototype.name = "Throttled";
  }
}

/** 500 `server_error`. */
export class ServerError extends ApiError {
  declare readonly code: "server_error";
  declare readonly status: 500;

  static {
    this.prototype.name = "ServerError";
  }
}

/** 503 `service_unavailable`. */
export class ServiceUnavailable extends ApiError {
  declare readonly code: "service_unavailable";
  declare readonly status: 503;

  static {
    this.prototype.name = "ServiceUnavailable";
  }
}
