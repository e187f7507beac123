package check_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/corpus"
	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/setup"
)

// otherwise are items that a check of ours judges in another light than the
// item's context, each with its reason.
var otherwise = map[string]string{
	"imap_app_principal":               "our token is always a person's",
	"imap_app_role":                    "our token is always a person's",
	"imap_app_mailbox":                 "our token is always a person's",
	"smtp_app_send_as":                 "our token is always a person's",
	"aadsts50011_http":                 "the redirect URI of the recording is not ours",
	"aadsts65001_refresh_other_scopes": "we ask for permissions of mail only",
}

// Every recorded answer is met by the checks whose business it is, and the
// first of what they report is what the item names.
func TestChecksMeetRecordedAnswers(t *testing.T) {
	m := newMeeting(t)
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range recordings.Items {
		if item.Code == "" || item.Where[0] == corpus.AdminConsent || item.Where[0] == corpus.Network {
			continue
		}
		t.Run(item.ID, func(t *testing.T) {
			m.t = t
			m.know(item.Context)
			var wrong []string
			for _, r := range item.Replies() {
				for _, grant := range grantsOf(item, r) {
					for _, out := range m.meet(r, grant) {
						if got := codes(out); len(got) == 0 || got[0] != item.Code {
							wrong = append(wrong, strings.TrimSpace(r.Name()+" "+grant)+": "+strings.Join(got, " "))
						}
					}
				}
			}
			slices.Sort(wrong)
			why, expected := otherwise[item.ID]
			switch {
			case expected && len(wrong) == 0:
				t.Errorf("is judged as listed: take it out of otherwise (%s)", why)
			case !expected && len(wrong) > 0:
				t.Errorf("listed %s\nmet    %s", item.Code, strings.Join(slices.Compact(wrong), "\n       "))
			}
		})
	}
}

// A policy that is made after the sign-in refuses the renewal by the number
// with which it refuses a sign-in: the vendor's list of numbers names no place.
func TestPoliciesThatBeginLater(t *testing.T) {
	m := newMeeting(t)
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range recordings.Items {
		if item.File != "policy" || slices.Contains(item.Where, corpus.Token) {
			continue
		}
		t.Run(item.ID, func(t *testing.T) {
			m.t = t
			m.know(item.Context)
			r := item.Replies()[0]
			r.Where, r.Grant, r.Error = corpus.Token, oauth.GrantRefreshToken, "invalid_grant"
			for _, out := range m.meet(r, r.Grant) {
				wantCodes(t, out, item.Code)
			}
		})
	}
}

// Reading can be refused after the message was sent, too.
func TestTestMessageThatCannotBeLookedFor(t *testing.T) {
	m := newMeeting(t)
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range recordings.Items {
		where := item.Where[0]
		if item.Code == "" || where != corpus.IMAP && where != corpus.POP3 || item.Stage == corpus.MidSession {
			continue
		}
		t.Run(item.ID, func(t *testing.T) {
			m.t = t
			m.know(item.Context)
			m.env.Setup.Application.Protocols = []setup.Protocol{setup.Protocol(where), setup.SMTP}
			m.lab.Replay(item.Replies()[0])
			defer m.lab.EndReplay()
			if got := codes(m.judge(check.TestMessage, "")); len(got) != 1 || got[0] == "test_message_not_found" {
				t.Errorf("found %q", got)
			}
		})
	}
}

// An account whose sign-in name is not its mail address looks like a stranger.
func TestTestMessageOfAnAccountWithTwoNames(t *testing.T) {
	m := newMeeting(t)
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	item, _ := recordings.Find("imap_not_connected_own")
	m.know(item.Context)
	m.env.Proven = func(string, setup.Address) time.Time { return m.env.Now() }
	m.env.Setup.SignIn.Pinned.UserName = "other-name@lab.example"
	m.lab.Replay(item.Replies()[0])
	defer m.lab.EndReplay()
	out := m.judge(check.TestMessage, "")
	wantCodes(t, out, "too_many_logins")
	if !slices.ContainsFunc(out.Findings[0].Causes, func(c finding.Cause) bool { return c.Code == "token_of_another_account" }) {
		t.Error("that another account signed in is not suspected")
	}
}

// An external URL that is set without https is sent so, and refused so.
func TestRedirectURIWithoutHTTPS(t *testing.T) {
	m := newMeeting(t)
	recordings, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	item, _ := recordings.Find("aadsts50011_http")
	m.know(item.Context)
	_, uri, _ := strings.Cut(item.Description, "'http://")
	host, _, _ := strings.Cut(uri, "/")
	m.env.Config.ExternalURL = "http://" + host
	for _, out := range m.meet(item.Replies()[0], "") {
		wantCodes(t, out, "redirect_uri_http")
	}
}
