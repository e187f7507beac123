package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/setup"
)

// The day on which the client secret ends is the same on every page and in the
// report, whether somebody entered it or the manifest has told it.
func TestTheEndOfTheSecretIsToldEverywhere(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	path := "/m/" + string(id)
	s.paste(owner, id, "registration", "registration_paste", `{"appId": "`+clientID+`", "displayName": "Mail", "signInAudience": "AzureADMyOrg",
		"web": {"redirectUris": ["https://ece.contoso.example/oauth"]}, "requiredResourceAccess": [],
		"passwordCredentials": [{"keyId": "0f1e2d3c-aaaa-4bbb-8ccc-1d2e3f4a5b6c", "endDateTime": "2031-03-11T10:00:00Z"}]}`)
	told := func(day string) {
		t.Helper()
		for page, want := range map[string]string{"": `datetime="` + day + `"`, "/report.json": `"client_secret_ends": "` + day + `"`, "/report.txt": day, "/report.md": day} {
			if got := owner.Get(path + page); !strings.Contains(got.Body, want) {
				t.Errorf("%s does not say %s: %d", page, want, got.Status)
			}
		}
	}
	told("2031-03-11")

	// A date that is over is somebody's word: only Microsoft's answer stops.
	owner.Post(path+"/registration", url.Values{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {"abc8Q~some.value_of.a-secret"}, "secret_ends": {"2020-01-31"},
	})
	told("2020-01-31")
	if codes := s.found(id, setup.StepRegistration); !slices.Contains(codes, "client_secret_end_over") || slices.Contains(codes, "client_secret_expired") {
		t.Errorf("found %v", codes)
	}
	if v := s.view(id); v.SecretEnds != "2020-01-31" || v.Setup.Registration.SecretEnds != v.SecretEnds {
		t.Errorf("the date is %q", v.SecretEnds)
	}
}
