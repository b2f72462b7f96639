"""The GraphQL operations that tests share."""

ERROR = "... on Error { code message path hint }"
TOOL = "name title description inputSchema outputSchema annotations serverName"
SERVER = f"""
  id name displayName description transport command args env url headers allowsPrivateNetwork isolation masksResults
  secretBindings {{ name delivery target template required description }}
  startupTimeoutSeconds callTimeoutSeconds longestCallSeconds idleSeconds maxConcurrentCalls
  maxSessions checksArguments logLevel enabled
  access {{ users groups allowedTools deniedTools renamedTools {{ tool name }} readOnly }} status lastError createdAt updatedAt tools {{ nodes {{ {TOOL} }} }} logs
"""
SECRET = """
  id name serverName username shared delivery keyId createdAt updatedAt lastUsedAt
"""
KEY = "id known sealing dataKeys v1Secrets needed"
ROTATION = "total done left unreadable finished"
DIFF = "added removed changed { name aspects details } breaking"
PACKAGE = f"""
  id name version requestedVersion integrity runtime requirements status error installPath
  installedAt lastUpgradedAt latestVersion updateAvailable upgradePolicy previousVersion
  heldUpgrade {{ version toolDiff {{ {DIFF} }} }} lastToolDiff {{ {DIFF} }} serverName
"""

SESSION = """
  id serverName owner state since pid protocolVersion restarts lastError stderr callsInFlight
  lastUsedAt memoryBytes
"""

ADD_SERVER = f"""mutation ($input: AddServerInput!) {{
  addServer(input: $input) {{ __typename ... on Server {{ {SERVER} }} {ERROR} }}
}}"""
UPDATE_SERVER = f"""mutation ($input: UpdateServerInput!) {{
  updateServer(input: $input) {{ __typename ... on Server {{ {SERVER} }} {ERROR} }}
}}"""
ENABLE_SERVER = f"""mutation ($input: ServerNameInput!) {{
  enableServer(input: $input) {{ __typename ... on Server {{ {SERVER} }} {ERROR} }}
}}"""
RESTART_SERVER = f"""mutation ($input: ServerNameInput!) {{
  restartServer(input: $input) {{ __typename ... on Server {{ {SERVER} }} {ERROR} }}
}}"""
DISABLE_SERVER = f"""mutation ($input: ServerNameInput!) {{
  disableServer(input: $input) {{ __typename ... on Server {{ {SERVER} }} {ERROR} }}
}}"""
DELETE_SERVER = f"""mutation ($input: ServerNameInput!) {{
  deleteServer(input: $input) {{ __typename ... on DeletedServer {{ serverName }} {ERROR} }}
}}"""
INSTALL_PACKAGE = f"""mutation ($input: InstallPackageInput!) {{
  installPackage(input: $input) {{
    __typename
    ... on InstalledPackage {{ package {{ {PACKAGE} }} server {{ {SERVER} }} }}
    {ERROR}
  }}
}}"""
UNINSTALL_PACKAGE = f"""mutation ($input: UninstallPackageInput!) {{
  uninstallPackage(input: $input) {{
    __typename ... on UninstalledPackage {{ serverName }} {ERROR}
  }}
}}"""
UPGRADED = f"""
  ... on UpgradedPackage {{
    version switched toolDiff {{ {DIFF} }} package {{ {PACKAGE} }} server {{ {SERVER} }}
  }}
  ... on HeldForApprovalError {{ heldUpgrade {{ version toolDiff {{ {DIFF} }} }} }}
  {ERROR}
"""
UPGRADE_PACKAGE = f"""mutation ($input: UpgradePackageInput!) {{
  upgradePackage(input: $input) {{ __typename {UPGRADED} }}
}}"""
ROLL_BACK_PACKAGE = f"""mutation ($input: RollbackPackageInput!) {{
  rollbackPackage(input: $input) {{ __typename {UPGRADED} }}
}}"""
UPGRADE_ALL = """mutation {
  upgradeAllPackages {
    serverName upgraded { switched version package { version } } error { __typename code message }
  }
}"""
SET_UPGRADE_POLICY = f"""mutation ($input: SetUpgradePolicyInput!) {{
  setUpgradePolicy(input: $input) {{ __typename ... on Package {{ {PACKAGE} }} {ERROR} }}
}}"""
CANCEL_PACKAGE_OPERATION = f"""mutation ($input: CancelPackageOperationInput!) {{
  cancelPackageOperation(input: $input) {{
    __typename ... on CancelledPackageOperation {{ serverName }} {ERROR}
  }}
}}"""
PACKAGE_UPDATES = """query ($serverName: String) {
  packageUpdates(serverName: $serverName) {
    serverName currentVersion latestVersion updateAvailable checkedAt error { code message }
  }
}"""
UNINSTALL_PREVIEW = """query ($serverName: String!) {
  uninstallPreview(serverName: $serverName) {
    package { name } server { name } tools users { username secrets } liveSessions folders
  }
}"""
SET_SECRET = f"""mutation ($input: SetSecretInput!) {{
  setSecret(input: $input) {{
    __typename
    ... on Secret {{ {SECRET} }}
    {ERROR}
  }}
}}"""
DELETE_SECRET = f"""mutation ($input: DeleteSecretInput!) {{
  deleteSecret(input: $input) {{ __typename ... on DeletedSecret {{ existed }} {ERROR} }}
}}"""
CALL_TOOL = f"""mutation ($input: CallToolInput!) {{
  callTool(input: $input) {{
    __typename
    ... on ToolResult {{
      callId isError text content {{ __typename raw }} structuredContent raw durationMilliseconds
    }}
    {ERROR}
  }}
}}"""

CANCEL_TOOL_CALL = f"""mutation ($input: CancelToolCallInput!) {{
  cancelToolCall(input: $input) {{ __typename ... on CancelledToolCall {{ callId }} {ERROR} }}
}}"""

SERVERS = f"query {{ servers(first: 100) {{ nodes {{ {SERVER} }} }} }}"
SERVER_BY_NAME = (
    f"query ($serverName: String!) {{ server(serverName: $serverName) {{ {SERVER} }} }}"
)
PACKAGES = f"query {{ packages(first: 500) {{ nodes {{ {PACKAGE} }} }} }}"
SECRETS = f"""query ($username: String, $serverName: String, $shared: Boolean = false) {{
  secrets(username: $username, serverName: $serverName, shared: $shared, first: 500) {{
    nodes {{ {SECRET} }}
  }}
}}"""
PREFLIGHT = """query ($serverName: String!, $username: String) {
  secretPreflight(serverName: $serverName, username: $username) {
    serverName username missing
    secrets {
      name delivery target required declared description isSet shared setAt lastUsedAt
    }
  }
}"""
REMOVE_USER = f"""mutation ($input: RemoveUserInput!) {{
  removeUser(input: $input) {{ __typename ... on RemovedUser {{ username secrets }} {ERROR} }}
}}"""
KEYS = f"{{ keys {{ {KEY} }} }}"
ROTATE_KEYS = f"""mutation ($input: RotateKeysInput!) {{
  rotateKeys(input: $input) {{
    __typename
    ... on StartedKeyRotation {{ progress {{ {ROTATION} }} keys {{ {KEY} }} }}
    {ERROR}
  }}
}}"""
KEY_ROTATION = f"subscription {{ keyRotation {{ {ROTATION} }} }}"
SESSIONS = f"""query ($filter: SessionFilter) {{
  sessions(filter: $filter, first: 500) {{ nodes {{ {SESSION} }} }}
}}"""
TOOL_CALL = f"""subscription ($input: CallToolInput!) {{
  toolCall(input: $input) {{
    __typename
    ... on ToolCallStarted {{ callId }}
    ... on ToolCallProgress {{ callId progress total message }}
    ... on ToolCallLog {{ callId level logger data }}
    ... on ToolCallFinished {{
      callId
      result {{ __typename ... on ToolResult {{ callId isError text }} {ERROR} }}
    }}
  }}
}}"""
SESSION_CHANGED = f"""subscription ($serverName: String) {{
  sessionChanged(serverName: $serverName) {{ {SESSION} server {{ name }} }}
}}"""
TOOLS = f"{{ tools(first: 500) {{ nodes {{ {TOOL} }} }} }}"
TOOLS_CHANGED = """subscription ($serverName: String) {
  toolsChanged(serverName: $serverName) { name tools { nodes { name } } }
}"""
LISTING_CHANGED = """subscription ($serverName: String) {
  listingChanged(serverName: $serverName) { kind server { name } }
}"""
PROGRESS = """subscription ($serverName: String) {
  packageProgress(serverName: $serverName) { serverName packageName phase message at }
}"""
