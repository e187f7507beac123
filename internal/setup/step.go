package setup

import "strings"

// StepID names a step. The same word stands in code, in JSON and in the
// address of the page (there with a hyphen).
type StepID string

// The eight steps of a new mailbox, and the preflight that replaces the first
// five when a token is issued again.
const (
	StepApplication  StepID = "application"
	StepAddresses    StepID = "addresses"
	StepRegistration StepID = "registration"
	StepNetwork      StepID = "network"
	StepMailbox      StepID = "mailbox"
	StepSignIn       StepID = "sign_in"
	StepVerification StepID = "verification"
	StepHandover     StepID = "handover"

	StepPreflight StepID = "preflight"
)

// Path is the step's name in an address: "sign-in" for sign_in.
func (s StepID) Path() string { return strings.ReplaceAll(string(s), "_", "-") }

// StepByPath is the inverse of Path for the steps of a new mailbox and the
// preflight.
func StepByPath(path string) (StepID, bool) {
	for _, s := range []StepID{
		StepApplication, StepAddresses, StepRegistration, StepNetwork, StepMailbox,
		StepSignIn, StepVerification, StepHandover, StepPreflight,
	} {
		if s.Path() == path {
			return s, true
		}
	}
	return "", false
}
