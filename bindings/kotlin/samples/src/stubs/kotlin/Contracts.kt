@file:Suppress("UNUSED_PARAMETER", "unused")

package androidx.activity.result.contract

import android.net.Uri

abstract class ActivityResultContract<I, O>

class ActivityResultContracts private constructor() {
    open class CreateDocument(mimeType: String) : ActivityResultContract<String, Uri?>()
}
