#if canImport(Security)
import Foundation
import Security

/// The device's Keychain. Items are of the class "generic password", for this device only, readable after the first unlock,
/// so that an app that is woken in the background can go on. On macOS the app needs a Keychain access group among its
/// entitlements; without one every key is refused, and ``Personalizer/onDeviceOrInMemory(_:folder:keys:clock:random:)`` stays in
/// memory.
public struct SystemKeychain: KeyStore {
    private let service: String

    /// Items of `service`; one name for each app and store.
    public init(service: String = "tastekeeper") { self.service = service }

    private func query(_ name: String) -> [CFString: Any] {
        [
            kSecClass: kSecClassGenericPassword,
            kSecAttrService: service,
            kSecAttrAccount: name,
            kSecUseDataProtectionKeychain: true,
        ]
    }

    public func copy(_ name: String) -> (status: Int32, data: Data?) {
        var query = query(name)
        query[kSecReturnData] = true
        query[kSecMatchLimit] = kSecMatchLimitOne
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        return (status, found as? Data)
    }

    public func add(_ name: String, _ secret: Data) -> Int32 {
        var item = query(name)
        item[kSecValueData] = secret
        item[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        item[kSecAttrSynchronizable] = false
        return SecItemAdd(item as CFDictionary, nil)
    }

    public func update(_ name: String, _ secret: Data) -> Int32 {
        SecItemUpdate(query(name) as CFDictionary, [kSecValueData: secret] as CFDictionary)
    }

    public func delete(_ name: String) -> Int32 { SecItemDelete(query(name) as CFDictionary) }
}

extension KeychainKeys {
    /// Keys in the device's Keychain.
    public convenience init(service: String = "tastekeeper") { self.init(store: SystemKeychain(service: service)) }
}
#endif
