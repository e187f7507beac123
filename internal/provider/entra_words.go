package provider

import "strings"

// sentences are the vendor's sentences with the number that stands before each.
// People and programs often leave the number away; the sentence says the same.
// Only those that have one meaning are here, by the part that does not vary.
//
// Wording: the items of package corpus.
var sentences = []struct {
	part   string
	number int
}{
	{"no reply address is registered for the application", 500113},
	{"does not match the redirect uris configured", 50011},
	{"does not match the reply addresses configured", 50011},
	{"does not match the reply urls configured", 50011},
	{"provided when requesting authorization code", 500112},
	{"input parameter 'redirect_uri' is not valid", 50011},
	{"input parameter 'redirect_uri' isn't valid", 50011},
	{"redirect uris with urn: schemes are prohibited", 500119},
	{"must contain the following parameter: 'client_assertion'", 7000218},
	{"must contain the following parameter: 'client_secret", 7000218},
	{"must contain the following parameter:", 900144},
	{"invalid client secret provided", 7000215},
	{"invalid client secret is provided", 7000215},
	{"the provided client secret keys", 7000222},
	{"client is public so neither", 700025},
	{"is not configured as a multi-tenant application", 50194},
	{"was not found in the directory", 700016},
	{"is required for cross-origin authorization code redemption", 9002325},
	{"may only be redeemed via cross-origin requests", 9002327},
	{"that doesn't exist on the resource", 650053},
	{"the input parameter 'scope' is not valid", 70011},
	{"the input parameter 'scope' isn't valid", 70011},
	{"is requesting a token for itself", 90009},
	{"has not consented to use the application with id", 65001},
	{"user declined to consent", 65004},
	{"is not assigned to a role for the application", 50105},
	{"authorization code was already redeemed", 54005},
	{"the refresh token has expired due to inactivity", 700082},
	{"authorization code or refresh token has expired", 70008},
	{"the provided grant has expired due to it being revoked", 50173},
	{"invalid due to sign-in frequency checks", 70043},
	{"scopes requested are unauthorized or expired", 70000},
	{"you must use multi-factor authentication to access", 50076},
	{"you must enroll in multi-factor authentication", 50079},
	{"blocked by conditional access policies", 53003},
	{"the user account is disabled", 50057},
	{"does not exist in tenant", 50020},
	{"due to invalid username or password", 50126},
}

// numbersOfWords reads the number from the sentence it belongs to.
func numbersOfWords(text string) []int {
	low := strings.ToLower(text)
	for _, s := range sentences {
		if strings.Contains(low, s.part) {
			return []int{s.number}
		}
	}
	return nil
}
