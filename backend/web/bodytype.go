package web

import (
	"reflect"

	"vedette/backend/soc"
	"vedette/schemas"
)

// The functions here say which Go type an envelope makes of data of a type, and
// which a problem has, so that the documents are drawn from the same structs as
// the answers. Every exchange of the door tests is held to them.

// member is a field of a body that is put together at run time.
func member(name string, of reflect.Type, tag string) reflect.StructField {
	return reflect.StructField{Name: name, Type: of, Tag: reflect.StructTag(`json:"` + tag + `"`)}
}

func metaBody(data reflect.Type, paged bool) reflect.Type {
	fields := []reflect.StructField{member("Data", data, "data")}
	if paged {
		fields = append(fields, member("Pagination", reflect.TypeFor[pagination](), "pagination"))
	}
	return reflect.StructOf(append(fields, member("Meta", reflect.TypeFor[meta](), "meta")))
}

func triageBody(data reflect.Type, paged bool) reflect.Type {
	fields := []reflect.StructField{member("Data", data, "data")}
	if paged {
		fields = append(fields, member("Meta", reflect.TypeFor[triageMeta](), "meta"))
	}
	return reflect.StructOf(fields)
}

func caseBody(data reflect.Type, paged bool) reflect.Type {
	if !paged {
		return data
	}
	return reflect.StructOf([]reflect.StructField{
		member("Items", data, "items"), member("NextCursor", reflect.TypeFor[*string](), "next_cursor"),
		member("HasMore", reflect.TypeFor[bool](), "has_more"),
	})
}

// triageErrorBody and caseErrorBody describe what triageProblem and caseProblem
// draw; of the details only the request id is always there.
type triageErrorBody struct {
	Error struct {
		Code    soc.Code           `json:"code"`
		Message string             `json:"message"`
		Details schemas.FreeObject `json:"details"`
	} `json:"error"`
}

type caseErrorBody struct {
	Error   soc.Code           `json:"error"`
	Message string             `json:"message"`
	Details schemas.FreeObject `json:"details"`
}
