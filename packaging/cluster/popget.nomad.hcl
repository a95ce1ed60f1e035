# Fetches the mail of many accounts in four allocations side by side, every ten minutes, for Nomad.
# Memory and secrets are as in popget-kubernetes.yaml: shared by all, a file an account.
variable "parts" {
  type        = number
  default     = 4
  description = "Among how many allocations the accounts are divided"
}

job "popget" {
  type        = "batch"
  datacenters = ["*"]

  periodic {
    crons            = ["7-59/10 * * * *"]
    prohibit_overlap = true
  }

  group "fetch" {
    count = var.parts

    # The next run is the second try.
    restart {
      attempts = 0
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }

    volume "state" {
      type            = "csi"
      source          = "popget-state"
      access_mode     = "multi-node-multi-writer"
      attachment_mode = "file-system"
    }

    task "popget" {
      driver       = "exec"
      user         = "popget"
      kill_timeout = "60s"

      volume_mount {
        volume      = "state"
        destination = "/var/lib/popget"
      }

      # Indices begin with 0 and parts with 1. 75 is trouble that passes by itself. The shell passes
      # on that it is time to end.
      config {
        command = "/bin/sh"
        args = ["-c", <<-END
          told=; child=; trap 'told=1; [ -z "$child" ] || kill -TERM "$child"' TERM INT
          popget --shard "$((NOMAD_ALLOC_INDEX + 1))/$PARTS" & child=$!
          [ -z "$told" ] || kill -TERM "$child"
          status=0; wait "$child" || status=$?
          while kill -0 "$child" 2>/dev/null; do
            status=0; wait "$child" || status=$?
          done
          [ "$status" -eq 75 ] || exit "$status"
        END
        ]
      }

      env {
        PARTS                 = "${var.parts}"
        POPGET_CONFIG         = "/etc/popget/popget.yaml"
        STATE_DIRECTORY       = "/var/lib/popget/state"
        CREDENTIALS_DIRECTORY = "${NOMAD_SECRETS_DIR}"
      }

      # A password an account, in a folder that lies in memory and is this task's alone.
      template {
        data        = "{{ with nomadVar \"nomad/jobs/popget\" }}{{ .alice }}{{ end }}"
        destination = "secrets/alice"
        perms       = "0400"
        # Those of the user popget on the clients.
        uid = 10095
        gid = 10095
      }

      resources {
        cpu    = 100
        memory = 128
      }
    }
  }
}
