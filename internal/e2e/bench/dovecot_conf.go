package bench

// dovecotText configures Dovecot 2.3 (2.4 spells nearly all of it another
// way). Two password databases decide one after the other: the token must be
// live and carry the protocol's scope, then the pair of SASL user and token
// user must stand in the access file.
const dovecotText = `base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
log_path = {{.Dir}}/dovecot.log
default_internal_user = {{.Owner.Server}}
default_login_user = {{.Owner.Login}}
first_valid_uid = 1
protocols = imap pop3 submission
listen = {{.Host}}, {{.Afar}}
ssl = required
ssl_cert = <{{.Dir}}/cert.pem
ssl_key = <{{.Dir}}/key.pem
mail_location = maildir:{{.Dir}}/mail/%u
auth_mechanisms = xoauth2
auth_failure_delay = 0
auth_verbose = yes
namespace inbox {
  inbox = yes
}
{{- range $protocol, $access := .Protocols}}
protocol {{$protocol}} {
  passdb {
    driver = oauth2
    mechanisms = xoauth2
    args = {{$.Dir}}/oauth2-{{$protocol}}.conf
    result_success = continue
    result_failure = return-fail
  }
  passdb {
    driver = passwd-file
    mechanisms = xoauth2
    args = username_format=%Lu|%L{passdb:token_user} {{$.Dir}}/{{$access}}
  }
}
{{- end}}
userdb {
  driver = static
  args = uid={{.Owner.Mail}} gid={{.Owner.MailGroup}} home={{.Dir}}/mail/%u allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    port = {{.IMAP}}
  }
  inet_listener imaps {
    port = {{.IMAPS}}
    ssl = yes
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = {{.POP3}}
  }
  inet_listener pop3s {
    port = {{.POP3S}}
    ssl = yes
  }
}
service submission-login {
  chroot =
  inet_listener submission {
    port = {{.Submission}}
  }
}
service auth {
  inet_listener sasl {
    address = {{.Host}}
    port = {{.SASL}}
  }
}
# No growing delay after failed logins.
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
  unix_listener stats-writer {
    mode = 0666
  }
}
submission_relay_host = {{.Host}}
submission_relay_port = {{.Sink}}
hostname = lab.test
{{- if not .Owner.Root}}
default_internal_group = {{.Owner.MailGroup}}
{{- end}}
`

// oauth2Conf has the introspection address with the mail server's name and
// secret, and the scope. The constant username_format takes away Dovecot's own
// rule that SASL user and token user are the same.
const oauth2Conf = `introspection_mode = post
introspection_url = %s
active_attribute = active
active_value = true
username_attribute = username
username_format = any
scope = %s
pass_attrs = token_user=%%{oauth2:username}
`
