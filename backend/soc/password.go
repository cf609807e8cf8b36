package soc

import (
	"net/mail"
	"strings"
	"unicode/utf8"
)

// Bounds of a password in characters (ops-api.md section 3, ASVS 6.2.1).
const (
	MinPassword = 12
	MaxPassword = 128
)

// commonWords are what most guessed passwords are made of. A password that is
// hardly more than such words and digits is refused.
var commonWords = []string{
	"password", "passwort", "passw0rd", "qwertyuiop", "qwertzuiop", "qwerty", "qwertz", "azerty", "asdfghjkl", "asdfgh",
	"zxcvbnm", "yxcvbnm", "iloveyou", "welcome", "willkommen", "letmein", "administrator", "admin", "master", "monkey",
	"dragon", "sunshine", "princess", "football", "baseball", "superman", "batman", "trustno", "whatever", "starwars",
	"michael", "jennifer", "computer", "internet", "changeme", "default", "secret", "summer", "winter", "spring", "autumn",
	"vedette", "security", "login", "guest", "user", "root", "test", "hello", "abcdefghij", "abcdef", "abc",
}

// plainLetters undoes the usual disguises.
var plainLetters = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// CheckPassword refuses a new password that is too short, too long, or easy to
// guess. field names the member that a caller sent it in. email is its
// person's.
func CheckPassword(field, password, email string) error {
	if !utf8.ValidString(password) || strings.ContainsRune(password, 0) {
		return InvalidField(field, "Must be UTF-8 without U+0000.")
	}
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword {
		return InvalidField(field, "Must have %d to %d characters.", MinPassword, MaxPassword)
	}
	account, _, _ := strings.Cut(email, "@")
	if guessable(password, account) {
		return InvalidField(field, "Is among the first that are guessed: use several unrelated words, or a password manager.")
	}
	return nil
}

// guessable reports whether common words, the account and repetition leave
// fewer than five letters of a password.
func guessable(password, account string) bool {
	lower := strings.ToLower(password)
	words := commonWords
	if len(account) >= 3 {
		words = append([]string{strings.ToLower(account)}, words...)
	}
	return min(lettersLeft(lower, words), lettersLeft(plainLetters.Replace(lower), words)) < 5
}

// lettersLeft counts what is neither a digit nor part of a word, counting a
// run of one character or of neighbours in the alphabet (abcd) once.
func lettersLeft(text string, words []string) int {
	for _, word := range words {
		text = strings.ReplaceAll(text, word, "")
	}
	count, before := 0, rune(-2)
	for _, r := range text {
		if (r < '0' || r > '9') && r != before && r != before+1 && r != before-1 {
			count++
		}
		before = r
	}
	return count
}

// NormalEmail is how an address is stored and looked up: lower case, without
// space around it. ok is false for what is no plain address of at most 254
// bytes (RFC 5321 section 4.5.3).
func NormalEmail(text string) (email string, ok bool) {
	email = strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(email)
	return email, err == nil && parsed.Address == email && parsed.Name == "" && len(email) <= 254 && EscapeVisible(email) == email
}
