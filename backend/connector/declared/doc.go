// Package declared carries actions out at products that have no package of their
// own, as a YAML declaration says: for each playbook a request made of a
// template, the answer that counts as acceptance, and for each probe a read and
// the words for what it may show.
//
// A declaration is written by an admin and is not code. Where a call goes, with
// which method, path, headers and shape of body, stands in the file; a value of a
// step can only become one segment of a path, one value of a query or one value
// in a JSON body (template.go). What the catalogue's playbook promises, the
// declaration has to keep: every parameter is sent or refused, every probe and
// every inverse is declared, and no state is told by a status alone (lint.go).
package declared
