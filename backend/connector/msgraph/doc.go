// Package msgraph carries actions out on accounts by Microsoft Graph, version
// 1.0, as an application: it disables and enables accounts, revokes their
// sessions, resets passwords, and confirms accounts as compromised or dismisses
// their risk.
//
// Passwords are reset by the account's passwordProfile, because the API's
// resetPassword of authentication methods is closed to applications. The new
// password is drawn at random, sent, and kept nowhere: its owner gets the next
// one by the organization's own recovery.
//
// Changes of a directory show late. Every read-back looks at the account itself;
// sessions and passwords count as changed when the directory's own time of the
// change is not before the dispatch.
package msgraph
