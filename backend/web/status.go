package web

import (
	"net/http"

	"vedette/backend/soc"
)

var kindStatus = map[soc.Kind]int{
	soc.Invalid:         http.StatusBadRequest,
	soc.Unauthenticated: http.StatusUnauthorized,
	soc.Denied:          http.StatusForbidden,
	soc.NotFound:        http.StatusNotFound,
	soc.Conflict:        http.StatusConflict,
	soc.Precondition:    http.StatusPreconditionFailed,
	soc.KeyReused:       http.StatusUnprocessableEntity,
	soc.Refused:         http.StatusUnprocessableEntity,
	soc.Locked:          http.StatusLocked,
	soc.Limited:         http.StatusTooManyRequests,
	soc.Unavailable:     http.StatusServiceUnavailable,
	soc.Internal:        http.StatusInternalServerError,
}

// codeStatus refines Invalid: these are questions of transport, which have
// statuses of their own.
var codeStatus = map[soc.Code]int{
	soc.CodePayloadTooLarge:      http.StatusRequestEntityTooLarge,
	soc.CodeUnsupportedMediaType: http.StatusUnsupportedMediaType,
	soc.CodeMethodNotAllowed:     http.StatusMethodNotAllowed,
}

// Status is the one table from kinds and codes to HTTP. An unknown kind is 500.
func Status(kind soc.Kind, code soc.Code) int {
	if status := codeStatus[code]; status != 0 && kind == soc.Invalid {
		return status
	}
	if status := kindStatus[kind]; status != 0 {
		return status
	}
	return http.StatusInternalServerError
}
