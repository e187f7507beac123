package world

import (
	"slices"
	"strings"
	"time"
)

// App is an app registration together with its enterprise application in the
// same tenant.
type App struct {
	ClientID string // "Application (client) ID"
	ObjectID string
	TenantID string
	Name     string

	MultiTenant bool
	Disabled    bool // enterprise app: "Enabled for users to sign-in" = No

	RedirectURIs []RedirectURI
	Secrets      []*Secret
	Permissions  []string // delegated permissions listed in the registration

	AuthTimeClaim bool // optional claim auth_time in the ID token

	AssignmentRequired bool
	Assigned           []string // user IDs

	AdminConsent []string            // permissions granted for everybody
	UserConsent  map[string][]string // user ID → permissions

	Slips Slips
}

// Slips are what goes wrong between the person at the portal and what the
// portal stores. They stand for the person's mistakes, so that a walk which
// only follows the pages makes them too.
type Slips struct {
	// URIsGoTo is the client ID of the registration to which redirect URIs
	// are added instead: two registrations with almost the same name.
	URIsGoTo string
	// URISuffix is appended to each redirect URI that is added.
	URISuffix string
	// URIPlatform is the platform to which redirect URIs are added instead, ""
	// for the chosen one.
	URIPlatform Platform
	// ManifestOf is the client ID of the registration whose manifest is shown
	// instead.
	ManifestOf string
	// IDForValue shows the secret ID where the value of a new secret would be
	// copied from: the wrong column.
	IDForValue bool
	// SecretLife is the life of new secrets, 0 for the portal's 180 days.
	// A negative one makes secrets that have already ended.
	SecretLife time.Duration
}

// DefaultSecretLife is what the portal recommends for a new client secret.
const DefaultSecretLife = 180 * 24 * time.Hour

// Secret is a client secret of a registration.
type Secret struct {
	ID          string // the GUID that people take for the value
	Description string
	Value       string
	Shown       bool // the value is displayed once
	Created     time.Time
	Ends        time.Time
}

// Hint is the beginning of the value, which the portal keeps showing.
func (c *Secret) Hint() string { return c.Value[:3] }

// SecretState is the outcome of comparing a presented client secret.
type SecretState int

// A secret is compared with all values of the registration; one that matches
// an ended value is Expired.
const (
	SecretWrong SecretState = iota
	SecretExpired
	SecretGood
)

// App finds a registration by client ID, nil if there is none.
func (s *State) App(clientID string) *App {
	for _, a := range s.Apps {
		if strings.EqualFold(a.ClientID, clientID) {
			return a
		}
	}
	return nil
}

// CheckSecret compares a presented value at the given time.
func (a *App) CheckSecret(value string, now time.Time) SecretState {
	state := SecretWrong
	for _, c := range a.Secrets {
		if c.Value != value {
			continue
		}
		if now.Before(c.Ends) {
			return SecretGood
		}
		state = SecretExpired
	}
	return state
}

// AddSecret makes a client secret as the portal does.
func (s *State) AddSecret(a *App, description string) *Secret {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	life := a.Slips.SecretLife
	if life == 0 {
		life = DefaultSecretLife
	}
	now := s.Now()
	created := now
	if life < 0 {
		created = now.Add(2 * life)
	}
	c := &Secret{
		ID: s.GUID(), Description: description,
		// Entra's values have 40 characters, "8Q~" in the fourth to sixth
		// place and punctuation that must survive form encoding.
		Value:   s.pick(letters, 3) + "8Q~" + s.pick(letters+"._", 34),
		Created: created, Ends: now.Add(life),
	}
	a.Secrets = append(a.Secrets, c)
	return c
}

// Consented reports whether everything in permissions was granted to the
// application for this person.
func (a *App) Consented(userID string, permissions []string) bool {
	for _, p := range permissions {
		if !slices.Contains(a.AdminConsent, p) && !slices.Contains(a.UserConsent[userID], p) {
			return false
		}
	}
	return true
}

// Consent records that a person granted permissions.
func (a *App) Consent(userID string, permissions []string) {
	a.UserConsent[userID] = union(a.UserConsent[userID], permissions)
}

// ConsentForAll records that an administrator granted permissions for
// everybody.
func (a *App) ConsentForAll(permissions []string) {
	a.AdminConsent = union(a.AdminConsent, permissions)
}

func union(a, b []string) []string {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}
