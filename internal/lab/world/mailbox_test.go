package world

import (
	"strings"
	"testing"
	"time"
)

func TestDelivery(t *testing.T) {
	w, c := newWorld(t)
	w.Do(func(s *State) {
		f := s.Mailbox(Support).Inbox
		before := len(s.Seen(f))
		s.Exchange.DeliveryDelay = 10 * time.Second
		s.Deliver(f, []byte("one"))
		s.Exchange.DeliveryDelay = 0
		s.Deliver(f, []byte("two"))
		if got := len(s.Seen(f)); got != before {
			t.Errorf("%d messages visible at once, want %d: the second must not overtake the first", got, before)
		}
		c.at = c.at.Add(10 * time.Second)
		seen := s.Seen(f)
		if len(seen) != before+2 || seen[before].UID >= seen[before+1].UID {
			t.Errorf("%d messages visible after the delay, want %d in order", len(seen), before+2)
		}
		f.Remove(seen[:1])
		if got := s.Seen(f); len(got) != before+1 || got[0].UID != seen[1].UID {
			t.Error("the wrong message was removed")
		}
	})
}

func TestAddressesAndAliases(t *testing.T) {
	w, _ := newWorld(t)
	w.Do(func(s *State) {
		s.Mailbox(Sales).Aliases = []string{"shop@lab.example"}
		for address, want := range map[string]bool{
			Sales: true, "SALES@LAB.EXAMPLE": true, "Shop@lab.example": true, "nobody@lab.example": false, "": false,
		} {
			if got := s.Mailbox(address) != nil; got != want {
				t.Errorf("Mailbox(%q) found = %v", address, got)
			}
		}
		if s.UserByName(" "+strings.ToUpper(Support)+" ") == nil || s.UserByName("") != nil {
			t.Error("user names are compared without case and outer spaces, and never empty")
		}
		if s.Tenant("LAB.example") == nil || s.Tenant(strings.ToUpper(s.Tenants[0].ID)) == nil || s.Tenant("x.example") != nil {
			t.Error("tenants are found by GUID and domain, without case")
		}
	})
}

func TestLicence(t *testing.T) {
	for _, tt := range []struct{ shared, licensed, usable bool }{{false, true, true}, {false, false, false}, {true, false, true}} {
		if got := (&Mailbox{Shared: tt.shared, Licensed: tt.licensed}).Usable(); got != tt.usable {
			t.Errorf("shared %v, licensed %v: usable = %v", tt.shared, tt.licensed, got)
		}
	}
}

func TestConnectionLimits(t *testing.T) {
	w, _ := newWorld(t)
	w.Do(func(s *State) {
		s.Exchange.MaxConnections, s.Exchange.MaxSubmissions = 2, 1
		for i, want := range []bool{true, true, false} {
			if got := s.Connect(IMAP, "u"); got != want {
				t.Errorf("IMAP connection %d: within = %v", i+1, got)
			}
		}
		if !s.Connect(POP3, "u") || !s.Connect(IMAP, "v") {
			t.Error("the limit must count each protocol and each person on its own")
		}
		s.Disconnect(IMAP, "u")
		s.Disconnect(IMAP, "u")
		if !s.Connect(IMAP, "u") {
			t.Error("a connection that was closed still counts")
		}
		if !s.Connect(SMTP, "u") || s.Connect(SMTP, "u") {
			t.Error("submissions have a limit of their own")
		}
	})
}

func TestResources(t *testing.T) {
	for aud, want := range map[string]bool{
		"https://outlook.office.com": true, "https://outlook.office365.com/": true, "https://ps.outlook.com": true,
		"00000002-0000-0ff1-ce00-000000000000": true, "https://graph.microsoft.com": false, "": false, "https://outlook.office.com.other.example": false,
	} {
		if got := ExchangeOnline.Audience(aud); got != want {
			t.Errorf("Audience(%q) = %v", aud, got)
		}
	}
	if !ExchangeOnline.Offers("imap.accessasuser.all") || ExchangeOnline.Offers("Mail.Read") {
		t.Error("Exchange offers its three mail permissions, in any case of letters")
	}
}

func TestCountersAreCopied(t *testing.T) {
	w, _ := newWorld(t)
	w.Do(func(s *State) { s.Counters.TokenRequests["x"]++; s.Counters.Logins[IMAP]++ })
	c := w.Counters()
	w.Do(func(s *State) {
		s.Counters.TokenRequests["x"]++
		s.Counters.Logins[IMAP]++
		s.Counters.Connections[IMAP]++
		s.Counters.Refusals[IMAP]++
	})
	if c.TokenRequests["x"] != 1 || c.Logins[IMAP] != 1 || c.Connections[IMAP] != 0 || c.Refusals[IMAP] != 0 {
		t.Errorf("a copy of the counters moved: %+v", c)
	}
}
