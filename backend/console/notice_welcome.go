package console

func init() {
	notices["password-chosen"] = "Sign in with the password you have chosen."
}
