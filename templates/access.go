package templates

import "time"

// NotSetUpView is the only page while nobody has claimed the installation.
type NotSetUpView struct {
	Page
	Command string // makes the link on the server; "" where the link was printed already
}

// ClaimView is the page of the one-time link that makes the first
// administrator.
type ClaimView struct {
	Page
	Action string // the link's own address
	Name   string
	Until  time.Time
	Errors map[string]string
}

// LoginView is the sign-in to Latchkey itself.
type LoginView struct {
	Page
	Name   string
	Back   string // where to go afterwards, a path
	Kept   bool   // entries of an interrupted form are kept
	Errors map[string]string
}

var claimOrder = []string{"name", "password", "password_again"}
